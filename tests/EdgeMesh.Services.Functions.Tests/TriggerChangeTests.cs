using System.Text;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Triggers.Topics;
using EdgeMesh.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Triggers that change, and a service that stops, while a call takes long.</summary>
public sealed class TriggerChangeTests
{
    private const string Topic = "  - topic: { name: vitals }";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("  - schedule: { cron: '* * * * * *' }")]
    [InlineData("  - topic: { name: slow }")]
    public async Task Deploy_WhileALongCallOfTheVersionBeforeRuns_HoldsAtOnce(string trigger)
    {
        var gate = new Gate();
        await using var site = await FunctionsSite.StartAsync(apps: [gate.App]);
        await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("f", triggers: trigger, more: Gate.Grant));
        var taken = trigger.Contains("slow", StringComparison.Ordinal) ? (await site.TopicsAsync("slow")).TakeAsync(Message("slow", "m1"), Cancellation) : Task.FromResult(true);
        await gate.CameAsync(1);

        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("f", "1.0.1", Topic), 2);
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("other", triggers: "  - topic: { name: more }"));

        Assert.True(await (await site.TopicsAsync("vitals")).TakeAsync(Message("vitals", "m2"), Cancellation));
        Assert.True(await (await site.TopicsAsync("more")).TakeAsync(Message("more", "m3"), Cancellation));
        Assert.Equal("1.0.1", (string?)(await site.CallsAsync("f", 1))[0]!["version"]);
        gate.Open();
        Assert.True(await taken);
    }

    [Fact]
    public async Task Remove_WhileALongCallRuns_EndsItsTopicAtOnceAndLeavesNothingParked()
    {
        // More than the function may write: its call fails, which any other's is parked for.
        var gate = new Gate { Answer = new string('x', 1024) };
        await using var site = await FunctionsSite.StartAsync(apps: [gate.App]);
        await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("f", triggers: Topic, more: Gate.Grant.Replace("10m", "10m, output: 512B", StringComparison.Ordinal)));
        var topics = await site.TopicsAsync("vitals");
        var taken = topics.TakeAsync(Message("vitals", "m1"), Cancellation);
        await gate.CameAsync(1);

        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("f", 2, null, CanaryPlan.None, FunctionsSite.Ops)));
        // Its state goes once nothing more is parked.
        await site.Host.Calls.FirstAsync(c => c.Kind == CallKind.StateWrite && c.Name.Contains("/functions/state/f/", StringComparison.Ordinal), Cancellation);
        Assert.Equal(0, topics.Wanting("vitals"));

        gate.Open();
        Assert.True(await taken);
        Assert.DoesNotContain(site.Host.Calls.All, c => c.Kind == CallKind.StateWrite && c.Name.Contains("/functions/parked/f", StringComparison.Ordinal));
    }

    /// <summary>Who tried them before must not try them beside who does now, nor write where they are kept.</summary>
    [Fact]
    public async Task Return_OfAFunctionThatTheSiteWasLeftOutOf_MakesEachParkedCallOnce()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        await using var site = await FunctionsSite.StartAsync(clock: clock);
        await site.DeployAsync(FunctionsSite.Exits(1), FunctionsSite.Manifest("f", triggers: Topic));
        var topics = await site.TopicsAsync("vitals");
        string[] messages = ["m1", "m2", "m3", "m4"];
        foreach (var id in messages)
        {
            Assert.True(await topics.TakeAsync(Message("vitals", id), Cancellation));
        }

        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("f", "1.0.1", Topic, "targets: { sites: [elsewhere] }"), 2);
        for (var looks = 0; topics.Wanting("vitals") > 0; looks++)
        {
            Assert.True(looks < 3_000, "the topic is still wanted");
            await Task.Delay(10, Cancellation);
        }

        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("f", "1.0.2", Topic), 3);
        await site.TopicsAsync("vitals");
        for (var looks = 0; (await site.Parked("f").LoadAsync(Cancellation)).Calls.Count > 0; looks++)
        {
            Assert.True(looks < 3_000, "they are not called again");
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancellation);
        }

        Assert.Equal(messages.Select(m => $"vitals/press/{m}"), (await site.CallsAsync("f", messages.Length)).Select(c => (string?)c!["idempotencyKey"]).Order());
    }

    /// <summary>Nothing of it but the schedule itself, should it come back, has to do with what is left.</summary>
    [Fact]
    public async Task Deploy_WhileTheRowOfARemovedScheduleCannotBeDeleted_HoldsAtOnceForAllButThatSchedule()
    {
        const string Row = "/functions/schedule/f/", Yearly = "  - schedule: { cron: '0 0 0 1 1 *' }";
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("f", triggers: $"{Yearly}\n{Topic}"));
        await site.TopicsAsync("vitals");
        await site.Host.Calls.FirstAsync(c => c.Kind == CallKind.StateWrite && c.Name.Contains(Row, StringComparison.Ordinal), Cancellation);
        site.Host.Faults.Fail(c => c.Kind == CallKind.StateDelete && c.Name.Contains(Row, StringComparison.Ordinal));

        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("f", "1.0.1", Topic), 2);
        await site.Host.Calls.FirstAsync(c => c.Kind == CallKind.StateDelete && c.Name.Contains(Row, StringComparison.Ordinal), Cancellation);
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("f", "1.0.2", $"{Yearly}\n  - topic: {{ name: more }}"), 3);
        await site.TopicsAsync("more");

        site.Host.Calls.Clear();
        site.Host.Faults.Clear();
        await site.Host.Calls.FirstAsync(c => c.Kind == CallKind.StateWrite && c.Name.Contains(Row, StringComparison.Ordinal), Cancellation);
        Assert.Equal(CallKind.StateDelete, site.Host.Calls.All.First(c => c.Failure is null && c.Name.Contains(Row, StringComparison.Ordinal)).Kind);
    }

    /// <summary>What is ended comes again: it is not done with.</summary>
    [Fact]
    public async Task Stop_WhileALongCallRuns_EndsItAfterItsGrace()
    {
        var (gate, clock) = (new Gate(), new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        await using var site = await FunctionsSite.StartAsync(apps: [gate.App], clock: clock);
        await site.DeployAsync(HostModules.Send(Gate.Target), FunctionsSite.Manifest("f", triggers: Topic, more: Gate.Grant));
        var taken = (await site.TopicsAsync("vitals")).TakeAsync(Message("vitals", "m1"), Cancellation);
        await gate.CameAsync(1);

        var stop = site.Host.StopAppAsync(FunctionsApp.AppId);
        for (var seconds = 0; !stop.IsCompleted; seconds++)
        {
            Assert.True(seconds < 600, "it does not stop before the call's own time is over");
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancellation);
        }

        await stop;
        Assert.False(await taken);
    }

    private static TopicMessage Message(string topic, string id) => new("press", id, topic, "application/json", Encoding.UTF8.GetBytes("1"));
}
