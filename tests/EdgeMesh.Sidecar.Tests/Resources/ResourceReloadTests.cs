using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Resources;

/// <summary>Resources that change while the sidecar runs.</summary>
public sealed class ResourceReloadTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public async Task Subscription_AddedAndTakenAway_IsTakenOver()
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http();
        Write("later.yaml", "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: { name: s }\nspec: { pubsubname: pubsub, topic: later, routes: { default: /later } }\n");
        await UntilAsync(async () => await SubscriptionsAsync(http) == 1);
        File.Delete(Path.Combine(_folder, "later.yaml"));
        await UntilAsync(async () => await SubscriptionsAsync(http) == 0);
    }

    [Fact]
    public async Task Resiliency_Changed_IsTakenOver_AndAFaultyOneIsNot()
    {
        await using var app = await TestApp.StartAsync(context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        using var log = new LogLines();
        await using var sidecar = await StartAsync(app, log);
        using var http = sidecar.Http();
        Write("policies.yaml", Breaker("cb"));
        await UntilAsync(() => IsOpenAsync(http));
        Write("policies.yaml", Breaker("nobody"));
        await log.SeeAsync("are not taken over", TestSidecar.Cancellation);
        Write("other.yaml", "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: { name: s }\nspec: { pubsubname: pubsub, topic: later, routes: { default: /later } }\n");
        Assert.True(await IsOpenAsync(http));
        File.Delete(Path.Combine(_folder, "policies.yaml"));
        await UntilAsync(async () => !await IsOpenAsync(http));
        await UntilAsync(async () => await SubscriptionsAsync(http) == 1);
    }

    [Fact]
    public async Task Endpoint_FaultyNow_StaysAsItWas_UntilItIsRight()
    {
        await using var app = await TestApp.StartAsync();
        using var log = new LogLines();
        await using var sidecar = await StartAsync(app, log);
        using var http = sidecar.Http();
        Write("endpoint.yaml", Endpoint($"{{ baseUrl: {app.Url} }}"));
        await log.SeeAsync("HTTPEndpoint resources are taken over", TestSidecar.Cancellation);
        Write("endpoint.yaml", Endpoint("{ baseUrl: 'https://127.0.0.1:1', clientTLS: { rootCA: { value: no certificate } } }"));
        await log.SeeAsync("HTTPEndpoint 'outside' can't be used", TestSidecar.Cancellation);
        Assert.Equal(200, await http.GetAsync("/v1.0/invoke/outside/method/x", TestSidecar.Cancellation).StatusAsync());
        File.Delete(Path.Combine(_folder, "endpoint.yaml"));
        await log.SeeAsync("HTTPEndpoint resources are taken over", TestSidecar.Cancellation);
        Assert.Equal(500, await http.GetAsync("/v1.0/invoke/outside/method/x", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task Endpoint_WhoseSecretStoreComesLater_IsTakenOverThen()
    {
        await using var app = await TestApp.StartAsync();
        using var log = new LogLines();
        await using var sidecar = await StartAsync(app, log);
        Write("endpoint.yaml", Endpoint($"{{ baseUrl: {app.Url}, headers: [{{ name: x-key, secretKeyRef: {{ name: key, key: key }} }}] }}\nauth: {{ secretStore: files }}"));
        await log.SeeAsync("HTTPEndpoint 'outside' can't be used", TestSidecar.Cancellation);
        Write("secrets.json", """{"key":"from-the-store"}""");
        Write("files.yaml", Yaml.Component("files", "secretstores.local.file", ("secretsFile", Path.Combine(_folder, "secrets.json"))));
        await log.SeeAsync("HTTPEndpoint resources are taken over", TestSidecar.Cancellation);
        using var http = sidecar.Http();
        Assert.Contains("x-key: from-the-store\n", await http.GetStringAsync("/v1.0/invoke/outside/method/x", TestSidecar.Cancellation), StringComparison.Ordinal);
    }

    private static string Endpoint(string spec) => $"apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {{ name: outside }}\nspec: {spec}\n";

    [Fact]
    public async Task Subscription_AddedWhileTheAppIsAway_IsTakenOver_BesideTheAppsOwn()
    {
        var asked = 0;
        await using var app = await TestApp.StartAsync(subscribe: context =>
        {
            // Once it is there; from then on as if it were away.
            context.Response.StatusCode = Interlocked.Increment(ref asked) == 1 ? 200 : 503;
            return context.Response.WriteAsync("""[{"pubsubname":"pubsub","topic":"own","route":"/own"}]""");
        });
        Write("pubsub.yaml", Yaml.Component("pubsub", "pubsub.in-memory"));
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["alpha"] = app.Url }, change: o => o with { ResourcesPaths = [_folder], WatchesResources = true });
        using var http = sidecar.Http();
        await UntilAsync(async () => await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() == 204);
        Write("later.yaml", "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: { name: s }\nspec: { pubsubname: pubsub, topic: later, routes: { default: /later } }\n");
        await UntilAsync(async () => await SubscriptionsAsync(http) == 2);
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Component_AddedBeforeTheAppComes_IsTakenOver_AndItsInputBindingReadWhenItHasCome()
    {
        var (isThere, told) = (false, new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(
            context =>
            {
                context.Response.StatusCode = Volatile.Read(ref isThere) ? 200 : 503;
                if (context.Request.Method == "POST")
                {
                    told.TrySetResult();
                }

                return Task.CompletedTask;
            },
            context =>
            {
                context.Response.StatusCode = Volatile.Read(ref isThere) ? 404 : 503;
                return Task.CompletedTask;
            });
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http();
        Write("store.yaml", Yaml.Component("hot", "state.in-memory"));
        await UntilAsync(async () => await http.GetAsync("/v1.0/state/hot/k", TestSidecar.Cancellation).StatusAsync() == 204);
        Assert.Equal(500, await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
        Write("cron.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: hot-cron }\nspec: { type: bindings.cron, version: v1, metadata: [{ name: schedule, value: '@every 100ms' }] }\n");
        Write("store.yaml", Yaml.Component("other", "state.in-memory"));
        await UntilAsync(async () => await http.GetAsync("/v1.0/state/other/k", TestSidecar.Cancellation).StatusAsync() == 204);
        Volatile.Write(ref isThere, true);
        await told.Task.WaitAsync(TestSidecar.Cancellation);
        await UntilAsync(async () => await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() == 204);
    }

    private static string Breaker(string name) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {{ name: r }}\nspec: {{ policies: {{ circuitBreakers: {{ cb: {{ timeout: 1h, trip: consecutiveFailures >= 1 }} }} }}, targets: {{ apps: {{ beta: {{ circuitBreaker: {name} }} }} }} }}\n";

    private static async Task<bool> IsOpenAsync(HttpClient http) =>
        (await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).FaultAsync()).Message.EndsWith("circuit breaker is open", StringComparison.Ordinal);

    private static async Task<int> SubscriptionsAsync(HttpClient http) =>
        JsonDocument.Parse(await http.GetStringAsync("/v1.0/metadata", TestSidecar.Cancellation)).RootElement.GetProperty("subscriptions").GetArrayLength();

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);

    /// <summary>The system tells of changes in its own time.</summary>
    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    private async Task<TestSidecar> StartAsync(TestApp app, LogLines? log = null)
    {
        Write("pubsub.yaml", Yaml.Component("pubsub", "pubsub.in-memory"));
        return await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["alpha"] = app.Url, ["beta"] = app.Url }, change: o => o with { ResourcesPaths = [_folder], WatchesResources = true }, log: log);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
