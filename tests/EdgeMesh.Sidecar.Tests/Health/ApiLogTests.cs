using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Health;

/// <summary>What <c>--enable-api-logging</c> writes.</summary>
public sealed class ApiLogTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public async Task Calls_OfAnAppThatAsksForIt_AreEachALineWithoutTheQuery()
    {
        using var log = new LogLines();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        var options = new SidecarOptions
        {
            Namespace = "core", WorkingDirectory = _folder, Environment = new Dictionary<string, string>(),
            Apps = [new SidecarAppOptions { AppId = "logged", LogsApiCalls = true }, new SidecarAppOptions { AppId = "silent" }],
        };
        await using (var host = await SidecarHost.StartAsync(options, loggers, TestSidecar.Cancellation))
        {
            using var logged = new HttpClient { BaseAddress = host.HttpEndpoint("logged") };
            using var silent = new HttpClient { BaseAddress = host.HttpEndpoint("silent") };
            await silent.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync();
            await logged.GetAsync("/v1.0/nosuch%0Aline?secret=1", TestSidecar.Cancellation).StatusAsync();
        }

        // Disposed: whatever was under way is written.
        var line = Assert.Single(log.All, l => l.Contains("API Called", StringComparison.Ordinal));
        Assert.StartsWith("HTTP API Called: logged GET /v1.0/nosuch%0Aline code=404 duration=", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_WhoseValuesAreHidden_ShowTheirRoute_AndWhatMiddlewareRefusesIsNotThere()
    {
        var file = Path.Combine(_folder, "logging.yaml");
        await File.WriteAllTextAsync(
            file,
            "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec:\n  logging: { apiLogging: { enabled: true, obfuscateURLs: true } }\n  httpPipeline: { handlers: [{ name: limit, type: middleware.http.ratelimit }] }\n",
            TestSidecar.Cancellation);
        using var log = new LogLines();
        await using (var sidecar = await TestSidecar.StartAsync(
            Yaml.StandardStores + Yaml.Component("limit", "middleware.http.ratelimit", ("maxRequestsPerSecond", "2")), log: log, change: o => o with { ConfigurationPaths = [file], Clock = new FakeTimeProvider() }))
        {
            using var http = sidecar.Http();
            foreach (var path in new[] { "/v1.0/state/memory/somebody", "/v1.0/invoke/nobody/method/somebody", "/v1.0/state/memory/somebody", "/v1.0/invoke/nobody/method/somebody" })
            {
                await http.GetAsync(path, TestSidecar.Cancellation).StatusAsync();
            }
        }

        const string called = "HTTP API Called: alpha GET ";
        Assert.Equal(
            ["/v1.0/state/{store}/{key} code=204", "/v1.0/invoke/{id}/method/{**path} code=500"],
            log.All.Where(l => l.StartsWith(called, StringComparison.Ordinal)).Select(l => l[called.Length..l.IndexOf(" duration", StringComparison.Ordinal)]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
