using System.Text;
using EdgeMesh.Services.Functions.Triggers.Topics;
using EdgeMesh.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Two functions that want the messages of one topic: what the one does is none of the other's matter.</summary>
public sealed class SharedTopicTests
{
    private const string Topic = "  - topic: { name: vitals, retries: 3 }";
    private const string Parked = "/functions/parked/slow";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_MessagesThatOneFunctionIsSlowAt_AreDoneWithForTheOther_AndComeToBothOnce()
    {
        var (gate, clock) = (new Gate(), new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        await using var site = await FunctionsSite.StartAsync(apps: [gate.App], clock: clock);
        var topics = await FastAndSlowAsync(site);

        var first = topics.TakeAsync(Message("1"), Cancellation);
        await gate.CameAsync(1);
        await site.CallsAsync("fast", 1);
        for (var waited = 0; !first.IsCompleted; waited++)
        {
            Assert.True(waited < 600, "the message waits for the slow one");
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancellation);
        }

        Assert.True(await first);
        // No patience with one that is behind: on a clock that stands still these would wait for ever.
        Assert.True(await topics.TakeAsync(Message("2"), Cancellation));
        Assert.True(await topics.TakeAsync(Message("3"), Cancellation));
        gate.Open();

        Assert.Equal(["1", "2", "3"], (await gate.CameAsync(3)).Order());
        Assert.Equal(["vitals/press/m1", "vitals/press/m2", "vitals/press/m3"], (await site.CallsAsync("slow", 3)).Select(c => (string?)c!["idempotencyKey"]).Order());
        Assert.Equal(["vitals/press/m1", "vitals/press/m2", "vitals/press/m3"], (await site.CallsAsync("fast", 3)).Select(c => (string?)c!["idempotencyKey"]));
    }

    [Fact]
    public async Task Take_MessageThatOneFunctionCannotTake_ComesAgainToThatOneAlone()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("fast", triggers: Topic));
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: Topic));
        var topics = await BothAsync(site);
        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite } && c.Name.Contains("/functions/parked/picky", StringComparison.Ordinal));

        Assert.False(await topics.TakeAsync(Message("\"!\""), Cancellation));
        Assert.False(await topics.TakeAsync(Message("\"!\""), Cancellation));
        site.Host.Faults.Clear();
        Assert.True(await topics.TakeAsync(Message("\"!\""), Cancellation));

        Assert.True((await site.CallsAsync("picky", 3)).Count >= 3);
        Assert.Single((await site.LogsAsync("fast")).AsArray());
    }

    /// <summary>An id is one message's alone only among those of its source.</summary>
    [Fact]
    public async Task Take_MessageOfAnotherSourceUnderTheIdOfOneThatComesAgain_ComesToAllThatWantIt()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("fast", triggers: Topic));
        await site.DeployAsync(TriggerModules.FailsOn('!'), FunctionsSite.Manifest("picky", triggers: Topic));
        var topics = await BothAsync(site);
        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite } && c.Name.Contains("/functions/parked/picky", StringComparison.Ordinal));

        Assert.False(await topics.TakeAsync(Message("\"!\""), Cancellation));
        Assert.True(await topics.TakeAsync(Message("\"?\"", "another"), Cancellation));

        Assert.Equal(["\"!\"", "\"?\""], (await site.LogsAsync("fast")).AsArray().Select(c => (string?)c!["log"]));
    }

    /// <summary>It is under way: to bring it again would make its call twice, and again, as long as the store is away.</summary>
    [Fact]
    public async Task Take_MessageThatOneFunctionIsSlowAtAndThatCannotBeParked_WaitsForItsCall()
    {
        var (gate, clock) = (new Gate(), new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        await using var site = await FunctionsSite.StartAsync(apps: [gate.App], clock: clock);
        var topics = await FastAndSlowAsync(site);
        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite } && c.Name.Contains(Parked, StringComparison.Ordinal));

        var taken = topics.TakeAsync(Message("1"), Cancellation);
        await gate.CameAsync(1);
        for (var waited = 0; !taken.IsCompleted && !site.Host.Calls.All.Any(c => c.Kind == CallKind.StateWrite && c.Name.Contains(Parked, StringComparison.Ordinal)); waited++)
        {
            Assert.True(waited < 600, "it has patience without end");
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancellation);
        }

        gate.Open();
        Assert.True(await taken);
        Assert.Single(gate.Came);
    }

    /// <summary>As when the service stops: a call under way has its grace.</summary>
    [Fact]
    public async Task Take_MessageWhoseSubscriptionEndsWhileItsCallRuns_IsDoneWithOnceTheCallIs()
    {
        var (gate, clock) = (new Gate(), new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        await using var site = await FunctionsSite.StartAsync(apps: [gate.App], clock: clock);
        var topics = await FastAndSlowAsync(site);
        using var ends = new CancellationTokenSource();

        var taken = topics.TakeAsync(Message("1"), ends.Token);
        await gate.CameAsync(1);
        await ends.CancelAsync();
        gate.Open();

        Assert.True(await taken);
    }

    [Fact]
    public async Task Take_MessageThatOneFunctionCannotBeLoadedFor_IsParkedForItAndDoneWithForTheOther()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("fast", triggers: Topic));
        await site.DeployUntriedAsync(TriggerModules.LargeStderr, FunctionsSite.Manifest("away", triggers: Topic));
        await site.RestartAsync("away", c => c is { Kind: CallKind.StateRead, To: "bodies" } && !c.Name.Contains("/functions/parked/", StringComparison.Ordinal));
        var topics = await BothAsync(site);

        Assert.True(await topics.TakeAsync(Message("1"), Cancellation));

        Assert.Equal("Unavailable", (string?)(await site.CallsAsync("away", 1))[0]!["outcome"]);
        site.Host.Faults.Clear();
        for (var looks = 0; !(await site.LogsAsync("away")).AsArray().Any(c => (string?)c!["outcome"] == "Completed"); looks++)
        {
            Assert.True(looks < 3_000, "it is not called again");
            await Task.Delay(10, Cancellation);
        }

        Assert.Single((await site.LogsAsync("fast")).AsArray());
    }

    /// <summary>The one at once, the other when the gate is open.</summary>
    private static async Task<SiteTopics> FastAndSlowAsync(FunctionsSite site)
    {
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("fast", triggers: Topic));
        await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("slow", triggers: Topic, more: Gate.Grant));
        return await BothAsync(site);
    }

    /// <summary>The topics, once both functions want this one.</summary>
    private static async Task<SiteTopics> BothAsync(FunctionsSite site)
    {
        var topics = await site.TopicsAsync("vitals");
        for (var looks = 0; topics.Wanting("vitals") < 2; looks++)
        {
            Assert.True(looks < 3_000, "only one wants the topic");
            await Task.Delay(10, Cancellation);
        }

        return topics;
    }

    private static TopicMessage Message(string json, string source = "press") => new(source, json is ['"', ..] ? "bad" : $"m{json}", "vitals", "application/json", Encoding.UTF8.GetBytes(json));
}
