using System.Diagnostics;
using System.Net;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Store;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Rollouts as actors behind a real sidecar, on a clock that the test moves.</summary>
public sealed class RolloutActorTests
{
    private const string Reminder = "Rollout/f/method/remind/look";

    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Every call at this site goes to the candidate, for a minute.</summary>
    private static readonly CanaryPlan Here = new(100, TimeSpan.FromMinutes(1), 5) { Sites = [FunctionsSite.Site] };

    /// <summary>Shorter than what a store is given to answer: that is measured by the same clock.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Canary_ThatStaysHealthy_EndsInItsTime()
    {
        var clock = new FakeTimeProvider(Start);
        await using var site = await CanaryAsync(clock, FunctionsSite.Says("new"));
        await CallAsync(site, 5, 200);

        clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("Canary", await PhaseAsync(site));
        await UntilAsync(site, clock, "Steady");
        Assert.Equal(("1.0.1", "healthy in 5 calls"), ((string?)(await site.AtAsync("f"))["version"], (string?)(await site.AtAsync("f"))["reason"]));
    }

    [Fact]
    public async Task Canary_UnderWay_IsLookedAtByItsReminderAgainAndAgain()
    {
        var clock = new FakeTimeProvider(Start);
        await using var site = await CanaryAsync(clock, FunctionsSite.Says("new"), time: TimeSpan.FromHours(10));

        await AdvanceUntilAsync(clock, () => Task.FromResult(site.Host.Calls.Of(CallKind.ActorCall).Count(c => c is { Name: Reminder, Status: 200 }) >= 3));
        Assert.Equal("Canary", await PhaseAsync(site));
    }

    [Fact]
    public async Task Canary_WhoseReminderIsLost_EndsAllTheSame()
    {
        var clock = new FakeTimeProvider(Start);
        await using var site = await CanaryAsync(clock, FunctionsSite.Says("new"));
        using var gone = site.Host.Faults.Drop(c => c is { Kind: CallKind.ActorCall, Name: Reminder });

        await UntilAsync(site, clock, "Steady");
    }

    [Fact]
    public async Task Canary_ThatFails_IsRolledBackWithoutWaitingForTheClock()
    {
        await using var site = await CanaryAsync(new FakeTimeProvider(Start), FunctionsSite.Exits(1));
        await CallAsync(site, RolloutRules.CallsToJudge, 502);

        await UntilAsync(site, "RolledBack");
        Assert.Equal((200, "old"), await site.CallAsync("f"));
    }

    [Fact]
    public async Task Canary_AfterARestart_IsJudgedByTheCallsBeforeItToo()
    {
        var (clock, data) = (new FakeTimeProvider(Start), Directory.CreateTempSubdirectory("edgemesh-functions-").FullName);
        try
        {
            await using var site = await CanaryAsync(clock, FunctionsSite.Exits(1), data, TimeSpan.FromHours(10));
            await CallAsync(site, RolloutRules.CallsToJudge - 1, 502);
            var kept = site.Host.Calls.FirstAsync(c => c is { Kind: CallKind.StateWrite, To: "actors" } && c.Text.Contains("\"calls\":4", StringComparison.OrdinalIgnoreCase), Cancellation);
            await AdvanceUntilAsync(clock, () => Task.FromResult(kept.IsCompleted));
            await site.Host.StopAppAsync(FunctionsApp.AppId);
            await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
            await site.RunsAsync("f", 2);
            // What was kept is there once the actor has looked.
            site.Host.Calls.Clear();
            await AdvanceUntilAsync(clock, () => Task.FromResult(site.Host.Calls.Of(CallKind.ActorCall).Any(c => c.Status == 200)));
            Assert.Equal("Canary", await PhaseAsync(site));
            await CallAsync(site, 1, 502);

            await UntilAsync(site, "RolledBack");
            Assert.Equal("5 of 5 calls failed, before 0 of 0", (string?)(await site.AtAsync("f"))["reason"]);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Pause_KeepsTheCanaryUntilItIsResumed()
    {
        var clock = new FakeTimeProvider(Start);
        await using var site = await CanaryAsync(clock, FunctionsSite.Says("new"));
        Assert.True((await site.ChangeAsync("f", "pause")).Done);
        site.Host.Calls.Clear();
        clock.Advance(TimeSpan.FromHours(1));
        await AdvanceUntilAsync(clock, () => Task.FromResult(site.Host.Calls.Of(CallKind.ActorCall).Any(c => c is { Name: Reminder, Status: 200 })));

        Assert.Equal(("Canary", true), (await PhaseAsync(site), (bool)(await site.AtAsync("f"))["paused"]!));
        Assert.True((await site.ChangeAsync("f", "resume")).Done);
        await UntilAsync(site, clock, "Steady");
    }

    /// <summary>As a second process decides that takes over the actor while the first still works.</summary>
    [Fact]
    public async Task Write_DecidedBeforeAnotherStep_IsNotWrittenAndTheOtherStands()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest("f"));
        var book = site.Host.Services(FunctionsApp.AppId).GetRequiredService<FunctionsOpener>().Store!.Rollouts.Book;
        var known = book.Find("f")!;
        Assert.True((await site.ChangeAsync("f", "hold")).Done);

        Assert.False(await book.WriteAsync(known.State with { Reason = "decided long ago" }, known, Cancellation));
        Assert.True((bool)(await site.AtAsync("f"))["held"]!);
        Assert.True(await book.WriteAsync(book.State("f") with { Reason = "decided now" }, book.Find("f"), Cancellation));
        Assert.Equal("decided now", (string?)(await site.AtAsync("f"))["reason"]);
    }

    [Fact]
    public async Task Change_WhileTheSidecarIsAway_IsAnswered503()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest("f"));
        using var direct = site.Host.AppClient(FunctionsApp.AppId);
        await site.Host.StopSidecarAsync();

        using var answer = await site.SendAsync(direct, HttpMethod.Post, "deployments/f/hold", [], FunctionsSite.Admin);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Contains("rollout-unavailable", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    /// <summary>The disk is lost from the first, second … write of a rollout on; the service starts again, and the rollout ends where it would
    /// have ended, by the same steps.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Category", "Slow")]
    public async Task Crash_BeforeAnyWrite_EndsAtTheSamePlaceByTheSameSteps(bool isHealthy)
    {
        var (clock, data) = (new FakeTimeProvider(Start), Directory.CreateTempSubdirectory("edgemesh-functions-").FullName);
        try
        {
            await using var site = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text, clock: clock);
            var crashes = 0;
            while (await EndsAfterACrashAsync(site, clock, $"f{crashes}", isHealthy, crashes))
            {
                crashes++;
            }

            Assert.True(crashes >= 3, $"only {crashes} writes were there to crash at");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>One rollout that loses its disk after so many writes. False: it had no more of them.</summary>
    private static async Task<bool> EndsAfterACrashAsync(FunctionsSite site, FakeTimeProvider clock, string function, bool isHealthy, int writes)
    {
        var (end, count) = (isHealthy ? "Steady" : "RolledBack", 0);
        // The sick one is ended by its calls alone: on a busy machine the moved clock would end it first, before it had any.
        await DeployHeldAsync(site, function, isHealthy ? FunctionsSite.Says("new") : FunctionsSite.Exits(1), isHealthy ? TimeSpan.FromSeconds(15) : TimeSpan.FromDays(7));
        site.Host.Faults.Fail(call => IsOfRollouts(call) && Interlocked.Increment(ref count) > writes);
        var released = site.ChangeAsync(function, "release");
        await DriveAsync(site, clock, function, async () => Volatile.Read(ref count) > writes || (released.IsCompleted && await PhaseAsync(site, function) == end));

        // What waits for the disk waits by the clock.
        var stopped = Task.WhenAll(site.Host.StopAppAsync(FunctionsApp.AppId), released);
        await AdvanceUntilAsync(clock, () => Task.FromResult(stopped.IsCompleted));
        await stopped;
        site.Host.Faults.Clear();
        await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
        await site.RunsAsync(function, 1);
        if ((bool)(await site.AtAsync(function))["held"]!)
        {
            // Who was not told that it was done asks again.
            Assert.True((await site.ChangeAsync(function, "release")).Done);
        }

        await DriveAsync(site, clock, function, async () => await PhaseAsync(site, function) == end && (long)(await site.AtAsync(function))["generation"]! == 2);
        Assert.Equal(isHealthy ? "1.0.1" : "1.0.0", (string?)(await site.AtAsync(function))["version"]);
        Assert.Equal(["Steady 1", "Canary 2", $"{end} 2"], await StepsAsync(site, function));
        return Volatile.Read(ref count) > writes;
    }

    /// <summary>The journal's and the actor's; not what calls cost, which is written by its own clock.</summary>
    private static bool IsOfRollouts(DaprCall call) =>
        call is { From: FunctionsApp.AppId, Kind: CallKind.StateWrite or CallKind.StateDelete } && !call.Name.Contains("/functions/usage/", StringComparison.Ordinal);

    /// <summary>The steps that the journal has, oldest first.</summary>
    private static async Task<IReadOnlyList<string>> StepsAsync(FunctionsSite site, string function)
    {
        var journal = site.Host.Services(FunctionsApp.AppId).GetRequiredService<FunctionsOpener>().Store!.Changes;
        var history = await journal.GetHistoryAsync(FunctionDocuments.Rollout(FunctionsSite.Site, function), 100, Cancellation);
        var steps = history.Select(d => RolloutBody.Read(d).State).Select(s => $"{s.Phase} {s.Generation}").Reverse().ToList();
        return [.. steps.Where((step, i) => i == 0 || steps[i - 1] != step)];
    }

    /// <summary>A site where a canary has begun.</summary>
    private static async Task<FunctionsSite> CanaryAsync(FakeTimeProvider clock, byte[] candidate, string? data = null, TimeSpan? time = null)
    {
        var site = await FunctionsSite.StartAsync(data, resources: data is null ? null : SqliteComponents.Text, clock: clock);
        await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest("f"));
        await site.DeployAsync(candidate, FunctionsSite.Manifest("f", "1.0.1"), 2, Here with { For = time ?? Here.For });
        Assert.Equal("Canary", await PhaseAsync(site));
        return site;
    }

    /// <summary>The new version is deployed while the site is held at the old one.</summary>
    private static async Task DeployHeldAsync(FunctionsSite site, string function, byte[] candidate, TimeSpan time)
    {
        await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest(function));
        Assert.True((await site.ChangeAsync(function, "hold")).Done);
        var bundle = await FunctionsSite.BundleAsync(candidate, FunctionsSite.Manifest(function, "1.0.1"));
        Assert.Equal((true, ""), await site.PutBundleAsync(bundle));
        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign(function, 2, bundle.Digest, Here with { For = time }, FunctionsSite.Ops)));
    }

    private static async Task CallAsync(FunctionsSite site, int times, int status)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Equal(status, (await site.CallAsync("f")).Status);
        }
    }

    /// <summary>Calls the function and moves the clock until something is so.</summary>
    private static Task DriveAsync(FunctionsSite site, FakeTimeProvider clock, string function, Func<Task<bool>> isSo) => AdvanceUntilAsync(clock, async () =>
    {
        await site.CallAsync(function);
        return await isSo();
    });

    private static Task UntilAsync(FunctionsSite site, FakeTimeProvider clock, string phase) =>
        AdvanceUntilAsync(clock, async () => await PhaseAsync(site) == phase);

    private static async Task UntilAsync(FunctionsSite site, string phase)
    {
        var began = Stopwatch.GetTimestamp();
        while (await PhaseAsync(site) != phase)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, $"the rollout did not become {phase} in {Limit}");
            await Task.Delay(5, Cancellation);
        }
    }

    /// <summary>The moved clock goes slower the longer it takes: what a store is given to answer is measured by it, and a machine with much else
    /// to do would never be quick enough.</summary>
    private static async Task AdvanceUntilAsync(FakeTimeProvider clock, Func<Task<bool>> isSo)
    {
        var began = Stopwatch.GetTimestamp();
        for (var steps = 0; !await isSo(); steps++)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, $"what was waited for did not come in {Limit}");
            clock.Advance(Step);
            await Task.Delay(5 << Math.Min(steps / 40, 6), Cancellation);
        }
    }

    private static async Task<string> PhaseAsync(FunctionsSite site, string function = "f") => (string)(await site.AtAsync(function))["phase"]!;
}
