using System.Text;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Topics as they come: by a streaming subscription of the sidecar, made when a function that wants them is deployed.</summary>
public sealed class TopicTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Topic_Message_ReachesAFunctionThatWasDeployedAfterTheSidecarStarted()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(TriggerModules.Stderr, FunctionsSite.Manifest("watch", triggers: "  - topic: { name: vitals }"));
        using var sidecar = site.Host.SidecarClient("gateway");

        // A broker in memory forgets what nobody had subscribed yet: published until the subscription stands.
        var logs = await site.LogsAsync("watch");
        while (logs.AsArray().Count == 0)
        {
            using var content = new StringContent("""{"pulse":72}""", Encoding.UTF8, "application/json");
            using var answer = await sidecar.PostAsync("/v1.0/publish/events/vitals", content, Cancellation);
            answer.EnsureSuccessStatusCode();
            await Task.Delay(20, Cancellation);
            logs = await site.LogsAsync("watch");
        }

        var call = logs[0]!;
        Assert.Equal(("pubsub", "Completed", """{"pulse":72}"""), ((string?)call["trigger"], (string?)call["outcome"], (string?)call["log"]));
        Assert.StartsWith("vitals/", (string?)call["idempotencyKey"], StringComparison.Ordinal);
    }
}
