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
