namespace EdgeMesh.Services.Functions.Tests;

public sealed class ScheduleTests
{
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
}
