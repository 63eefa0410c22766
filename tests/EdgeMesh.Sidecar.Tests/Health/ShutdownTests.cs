using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Health;

/// <summary>How a sidecar ends.</summary>
public sealed class ShutdownTests
{
    [Fact]
    public async Task Dispose_AnAppThatNeverAnswersAMessage_IsNotWaitedForForEver()
    {
        var delivered = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(
            context =>
            {
                delivered.TrySetResult();
                return Task.Delay(Timeout.Infinite, context.RequestAborted);
            },
            context => context.Response.WriteAsync("""[{"pubsubname":"pubsub","topic":"t","route":"/t"}]"""));
        var sidecar = await TestSidecar.StartAsync(
            Yaml.Component("pubsub", "pubsub.in-memory"), new Dictionary<string, Uri?> { ["alpha"] = app.Url }, change: o => o with { ShutdownTimeout = TimeSpan.FromMilliseconds(200) });
        using (var http = sidecar.Http())
        {
            while (!delivered.Task.IsCompleted)
            {
                await http.PostJsonAsync("/v1.0/publish/pubsub/t", "{}").StatusAsync();
                await Task.Delay(20, TestSidecar.Cancellation);
            }
        }

        // An app may take ten minutes for a message; a machine that is busy takes some seconds for what is to be closed here.
        await sidecar.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), TestSidecar.Cancellation);
    }
}
