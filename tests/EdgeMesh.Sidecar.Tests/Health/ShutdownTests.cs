using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Health;

/// <summary>How a sidecar ends.</summary>
public sealed class ShutdownTests
{
    [Fact]
    public async Task Dispose_AnAppThatNeverAnswersAMessage_IsNotWaitedForLongerThanTheTimeout()
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

        var began = Stopwatch.GetTimestamp();
        await sidecar.DisposeAsync();
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60));
    }
}
