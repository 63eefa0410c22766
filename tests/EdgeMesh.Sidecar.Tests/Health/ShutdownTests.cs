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

    [Fact]
    public async Task Dispose_AChangeOfResourcesThatNeverEnds_IsNotWaitedForForEver()
    {
        var folder = TestSidecar.TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "pubsub.yaml"), Yaml.Component("pubsub", "pubsub.in-memory"), TestSidecar.Cancellation);
        var subscription = Path.Combine(folder, "subscription.yaml");
        await File.WriteAllTextAsync(subscription, "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: { name: s }\nspec: { pubsubname: pubsub, topic: t, routes: { default: /t } }\n", TestSidecar.Cancellation);
        await using var app = await TestApp.StartAsync();
        var deaf = new DeafHandler();
        var sidecar = await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { ["alpha"] = app.Url },
            change: o => o with { ResourcesPaths = [folder], WatchesResources = true, ShutdownTimeout = TimeSpan.FromMilliseconds(200), Apps = [o.Apps[0] with { AppHandler = deaf.Before }] });
        using (var http = sidecar.Http())
        {
            for (var tries = 0; !deaf.Began.IsCompleted; tries++)
            {
                Assert.True(tries < 1_500, "no message was delivered");
                await http.PostJsonAsync("/v1.0/publish/pubsub/t", "{}").StatusAsync();
                await Task.Delay(20, TestSidecar.Cancellation);
            }
        }

        // The subscription ends only when its message has, and that does not listen.
        File.Delete(subscription);
        await deaf.Cut.WaitAsync(TestSidecar.Cancellation);
        await sidecar.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), TestSidecar.Cancellation);
        deaf.Release();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The way to an app, on which messages are held, whoever gives them up.</summary>
    private sealed class DeafHandler
    {
        private readonly TaskCompletionSource _began = new(), _cut = new(), _release = new();

        public Task Began => _began.Task;

        /// <summary>Ends when a message is given up.</summary>
        public Task Cut => _cut.Task;

        public void Release() => _release.SetResult();

        public HttpMessageHandler Before(HttpMessageHandler inner) => new Holding(this, inner);

        private sealed class Holding(DeafHandler deaf, HttpMessageHandler inner) : DelegatingHandler(inner)
        {
            protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            {
                if (request.RequestUri!.AbsolutePath == "/t")
                {
                    await using var cut = cancellationToken.Register(() => deaf._cut.TrySetResult());
                    deaf._began.TrySetResult();
                    await deaf._release.Task;
                }

                return await base.SendAsync(request, cancellationToken);
            }
        }
    }
}
