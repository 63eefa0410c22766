using EdgeMesh.Sidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Cli.Tests.Sites;

/// <summary>Services and their sidecar in one process, as a site is.</summary>
public sealed class SiteMetricsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_OfBrokersAndStores_AreOnTheServiceThatCalledThem_InTheConventionsBuckets()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "components.yaml"), Component("store", "state.sqlite", "{ name: connectionString, value: state.db }") + Component("pubsub", "pubsub.in-memory", ""), Cancellation);
        await using var caller = await ServiceAsync("calls");
        await using var other = await ServiceAsync("calls-nobody");
        await using var sidecar = await SidecarHost.StartAsync(
            new SidecarOptions { Namespace = "site", ResourcesPaths = [folder.Path], WorkingDirectory = folder.Path, Apps = [new SidecarAppOptions { AppId = "calls" }, new SidecarAppOptions { AppId = "calls-nobody" }] },
            NullLoggerFactory.Instance, Cancellation);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        // Counting begins with the first scrape.
        await ScrapeAsync(client, caller);
        await ScrapeAsync(client, other);
        using (var state = await client.GetAsync(new Uri(sidecar.HttpEndpoint("calls"), "/v1.0/state/store/k"), Cancellation))
        using (var published = await client.PostAsync(new Uri(sidecar.HttpEndpoint("calls"), "/v1.0/publish/pubsub/orders"), new StringContent("1"), Cancellation))
        {
            Assert.True(state.IsSuccessStatusCode && published.IsSuccessStatusCode);
        }

        var (ofCaller, ofOther) = (await ScrapeAsync(client, caller), await ScrapeAsync(client, other));
        Assert.Matches("""(?m)^db_client_operation_duration_seconds_bucket\{[^\n]*db_operation_name="get"[^\n]*db_system_name="sqlite"[^\n]*le="0.001"\}""", ofCaller);
        Assert.Matches("""(?m)^messaging_client_operation_duration_seconds_bucket\{[^\n]*messaging_destination_name="orders"[^\n]*le="7.5"\}""", ofCaller);
        Assert.Matches("""(?m)^messaging_client_sent_messages_total\{[^\n]*messaging_system="in-memory"[^\n]*\} 1( |$)""", ofCaller);
        Assert.DoesNotMatch("(?m)^(db_client|messaging_client)_", ofOther);
    }

    private static Task<string> ScrapeAsync(HttpClient client, WebApplication service) => client.GetStringAsync($"{service.Urls.First()}/metrics", Cancellation);

    private static async Task<WebApplication> ServiceAsync(string name)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([new("urls", "http://127.0.0.1:0")]);
        builder.AddEdgeMeshTelemetry("site", name);
        builder.Logging.ClearProviders();
        var service = builder.Build();
        service.MapEdgeMeshMetrics();
        await service.StartAsync(Cancellation);
        return service;
    }

    private static string Component(string name, string type, string field) =>
        $"---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: {name} }}\nspec: {{ type: {type}, version: v1, metadata: [{field}] }}\n";
}
