using System.Text.Json;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Resources that come, change and go while the sidecar runs.</summary>
public abstract class ReloadSuite(ReloadFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Store_ComesChangesAndGoes()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        Assert.Equal("ERR_STATE_STORE_NOT_FOUND", (await Faults.OfAsync(client.GetAsync("/v1.0/state/hot/k", Cancellation))).Code);
        var file = ("connectionString", Path.Combine(fixture.Folder, "hot.db"));
        fixture.Component("hot", "state.sqlite", file);
        await BecomesAsync(client, "/v1.0/state/hot/k", 204);
        await StateSuite.SaveAsync(client, "hot", "k", "1");
        await BecomesAsync(client, "/v1.0/state/hot/k", 200);

        fixture.Component("hot", "state.sqlite", file, ("keyPrefix", "none"));
        await BecomesAsync(client, "/v1.0/state/hot/k", 204);
        fixture.Component("hot", "state.sqlite", file);
        await BecomesAsync(client, "/v1.0/state/hot/k", 200);

        fixture.Component("hot", "state.in-memory");
        await BecomesAsync(client, "/v1.0/state/hot/k", 204);
        Assert.Contains("state.in-memory", await TypesAsync(client), StringComparison.Ordinal);

        fixture.Delete("hot");
        await BecomesAsync(client, "/v1.0/state/hot/k", 400);
        Assert.Equal("ERR_STATE_STORE_NOT_FOUND", (await Faults.OfAsync(client.GetAsync("/v1.0/state/hot/k", Cancellation))).Code);
    }

    [Fact]
    public async Task PubSub_ComesChangesAndGoes_WithItsSubscription()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        fixture.Write("hot-subscription.yaml", """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: hot-subscription }
            spec: { pubsubname: hot-pubsub, topic: hot, routes: { default: /deliver/hot-topic } }
            scopes: [alpha]
            """);
        fixture.Component("hot-pubsub", "pubsub.in-memory");
        await ReachesAsync(dapr, client);
        fixture.Component("hot-pubsub", "pubsub.in-memory", ("publishingScopes", "alpha=nothing"));
        await BecomesAsync(() => client.PostAsync("/v1.0/publish/hot-pubsub/hot", Running.Json("{}"), Cancellation), 403);
        fixture.Component("hot-pubsub", "pubsub.in-memory");
        await BecomesAsync(() => client.PostAsync("/v1.0/publish/hot-pubsub/hot", Running.Json("{}"), Cancellation), 204);
        await ReachesAsync(dapr, client);
        fixture.Delete("hot-pubsub");
        await BecomesAsync(() => client.PostAsync("/v1.0/publish/hot-pubsub/hot", Running.Json("{}"), Cancellation), 404);
    }

    [Fact]
    public async Task SecretStore_ComesAndGoes()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        await File.WriteAllTextAsync(Path.Combine(fixture.Folder, "hot.json"), """{"hot":"secret"}""", Cancellation);
        fixture.Component("hot-secrets", "secretstores.local.file", ("secretsFile", Path.Combine(fixture.Folder, "hot.json")));
        await BecomesAsync(client, "/v1.0/secrets/hot-secrets/hot", 200);
        fixture.Delete("hot-secrets");
        await BecomesAsync(client, "/v1.0/secrets/hot-secrets/hot", 401);
    }

    [Fact]
    public async Task InputBinding_Comes_AndIsReadUntilItGoes()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        fixture.Component("hot-cron", "bindings.cron", ("schedule", "@every 1s"), ("route", "/bindings/hot-cron"));
        await dapr.Alpha.NextAsync("binding-hot-cron", Cancellation);
        await dapr.Alpha.NextAsync("binding-hot-cron", Cancellation);
        fixture.Delete("hot-cron");
        await Eventually.HoldsAsync(async () => !(await TypesAsync(client)).Contains("bindings.cron", StringComparison.Ordinal), Cancellation);
    }

    /// <summary>For this daprd starts itself anew, and is away for a moment.</summary>
    [Fact]
    public async Task Endpoint_ComesChangesAndGoes()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var beta = dapr.Beta.Url.GetLeftPart(UriPartial.Authority);
        WriteEndpoint(beta);
        await BecomesAsync(client, "/v1.0/invoke/hot-endpoint/method/status/201", 201);
        WriteEndpoint(beta + "/status");
        await BecomesAsync(client, "/v1.0/invoke/hot-endpoint/method/202", 202);
        fixture.Delete("hot-endpoint");
        await BecomesAsync(client, "/v1.0/invoke/hot-endpoint/method/202", 500);
        Assert.Equal("ERR_DIRECT_INVOKE", (await Faults.OfAsync(client.GetAsync("/v1.0/invoke/hot-endpoint/method/202", Cancellation))).Code);
    }

    private void WriteEndpoint(string url) => fixture.Write("hot-endpoint.yaml", $$"""
        apiVersion: dapr.io/v1alpha1
        kind: HTTPEndpoint
        metadata: { name: hot-endpoint }
        spec: { baseUrl: {{url}} }
        """);

    private static async Task ReachesAsync(Running dapr, HttpClient client) => await Eventually.HoldsAsync(
        async () =>
        {
            using var published = await client.PostAsync("/v1.0/publish/hot-pubsub/hot", Running.Json("{}"), Cancellation);
            await Task.Delay(50, Cancellation);
            return dapr.Alpha.TryNext("hot-topic") is not null;
        },
        Cancellation);

    private static async Task<string> TypesAsync(HttpClient client) =>
        JsonDocument.Parse(await client.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement.GetProperty("components").GetRawText();

    private static Task BecomesAsync(HttpClient client, string path, int status) => BecomesAsync(() => client.GetAsync(path, Cancellation), status);

    private static Task BecomesAsync(Func<Task<HttpResponseMessage>> send, int status) => Eventually.HoldsAsync(
        async () =>
        {
            try
            {
                using var answer = await send();
                return (int)answer.StatusCode == status;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        Cancellation);
}

public sealed class EmbeddedReloadTests(EmbeddedReloadFixture fixture) : ReloadSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdReloadTests(DaprdReloadFixture fixture) : ReloadSuite(fixture);
