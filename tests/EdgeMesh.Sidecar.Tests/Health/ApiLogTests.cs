using Microsoft.Extensions.Logging;

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

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
