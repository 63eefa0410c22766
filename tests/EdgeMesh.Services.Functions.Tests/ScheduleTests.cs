using EdgeMesh.Functions;
using EdgeMesh.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class ScheduleTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Schedule_EverySecond_CallsWithTheTime()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("tick", triggers: "  - schedule: { cron: '* * * * * *' }"));

        var calls = await site.CallsAsync("tick", 2);
        Assert.All(calls, c => Assert.Equal("timer", (string?)c!["trigger"]));
        Assert.Equal(calls.Count, calls.Select(c => (string?)c!["idempotencyKey"]).Distinct().Count());
        Assert.All(calls, c => Assert.Matches("""^\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"\}$""", (string?)c!["log"]));
    }

    [Fact]
    public async Task Schedule_WhoseModuleCannotBeReadWhenItIsDue_IsCalledForThatTimeWhenItCan()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 59, 30, TimeSpan.Zero));
        await using var site = await FunctionsSite.StartAsync(clock: clock);
        await site.DeployUntriedAsync(TriggerModules.LargeStderr, FunctionsSite.Manifest("daily", triggers: "  - schedule: { cron: '0 0 13 * * *', missed: once }"));
        await site.Host.Calls.FirstAsync(c => c.Kind == CallKind.StateWrite && c.Name.Contains("/functions/schedule/daily/", StringComparison.Ordinal), Cancellation);
        await site.RestartAsync("daily", c => c is { Kind: CallKind.StateRead, To: "bodies" });

        await AdvanceUntilCalledAsync(site, clock, "Unavailable");
        site.Host.Faults.Clear();
        Assert.Contains("""{"time":"2026-03-01T13:00:00Z"}""", await AdvanceUntilCalledAsync(site, clock, "Completed"), StringComparison.Ordinal);
    }

    /// <summary>What the schedule of another time left is not what this one missed.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Schedule_ThatComesAgainADayAfterItWent_BeginsAnew(bool isRemoved)
    {
        const string Daily = "  - schedule: { cron: '0 0 13 * * *', missed: once }";
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 59, 30, TimeSpan.Zero));
        await using var site = await FunctionsSite.StartAsync(clock: clock);
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("daily", triggers: Daily));
        await ReachAsync(site, "W");
        if (isRemoved)
        {
            Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("daily", 2, null, CanaryPlan.None, FunctionsSite.Ops)));
        }
        else
        {
            await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("daily", "1.0.1"), generation: 2);
        }

        await ReachAsync(site, "WD");
        clock.Advance(TimeSpan.FromHours(25));
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("daily", "1.0.2", triggers: Daily), generation: 3);
        await ReachAsync(site, "WDW");

        Assert.Empty((await site.LogsAsync("daily")).AsArray());
    }

    /// <summary>Waits until what the schedule keeps was written (W) and deleted (D) in such an order, and no otherwise.</summary>
    private static async Task ReachAsync(FunctionsSite site, string wanted)
    {
        for (var looks = 0; ; looks++)
        {
            Assert.True(looks < 3_000, $"it does not come to {wanted}");
            var done = string.Concat(site.Host.Calls.All.Where(c => c.Name.Contains("/functions/schedule/daily/", StringComparison.Ordinal) && c.Kind is (CallKind.StateWrite or CallKind.StateDelete))
                .Select(c => c.Kind == CallKind.StateWrite ? 'W' : 'D'));
            Assert.StartsWith(done, wanted, StringComparison.Ordinal);
            if (done == wanted)
            {
                return;
            }

            await Task.Delay(10, Cancellation);
        }
    }

    /// <summary>Moves the clock until the function was called with an outcome; what it was called with.</summary>
    private static async Task<string> AdvanceUntilCalledAsync(FunctionsSite site, FakeTimeProvider clock, string outcome)
    {
        for (var steps = 0; steps < 1_000; steps++)
        {
            if ((await site.LogsAsync("daily")).AsArray().FirstOrDefault(c => (string?)c!["outcome"] == outcome) is { } call)
            {
                return (string)call["log"]!;
            }

            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(10, Cancellation);
        }

        throw new InvalidOperationException($"no call of the schedule ended as {outcome}");
    }
}
