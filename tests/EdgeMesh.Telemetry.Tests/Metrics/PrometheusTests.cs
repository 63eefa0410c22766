using System.Diagnostics;
using System.Text.Json;
using EdgeMesh.Tests.Servers;
using EdgeMesh.Telemetry.Tests.Infra;

namespace EdgeMesh.Telemetry.Tests.Metrics;

/// <summary>The rules by promtool; a service by a real Prometheus.</summary>
[Trait("Category", "Engines")]
public sealed class PrometheusTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("check rules rules/edgemesh.yml")]
    [InlineData("test rules rules/edgemesh.test.yml")]
    [InlineData("check config --syntax-only prometheus.yml")]
    public async Task Promtool_OfTheRules_IsContent(string arguments)
    {
        var start = new ProcessStartInfo("promtool", arguments)
        {
            WorkingDirectory = InfraFolder.File("prometheus"), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var promtool = Process.Start(start)!;
        var said = await promtool.StandardOutput.ReadToEndAsync(Cancellation) + await promtool.StandardError.ReadToEndAsync(Cancellation);
        await promtool.WaitForExitAsync(Cancellation);

        Assert.True(promtool.ExitCode == 0, said);
    }

    [Fact]
    public async Task Prometheus_ScrapingAService_CountsItsRequestsUnderTheNamesOfTheRulesAndKeepsATraceOfThem()
    {
        // As a tracer does once traces are exported.
        using var tracer = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(tracer);
        await using var records = await MetricsHost.StartAsync("records");
        using var folder = new TempFolder();
        var configuration = Path.Combine(folder.Path, "prometheus.yml");
        await File.WriteAllTextAsync(configuration, $$"""
            global: { scrape_interval: 200ms, evaluation_interval: 200ms }
            rule_files: ["{{InfraFolder.File("prometheus", "rules", "edgemesh.yml")}}"]
            scrape_configs:
              - job_name: edgemesh
                static_configs: [{ targets: ["{{new Uri(records.Urls.First()).Authority}}"], labels: { site: clinic-a, service: records } }]
            """, Cancellation);
        await using var prometheus = await ServerProcess.PrometheusAsync(configuration, Cancellation);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null })
        {
            DefaultRequestHeaders = { { "traceparent", $"00-{Trace}-00f067aa0ba902b7-01" } },
        };

        var rate = 0.0;
        for (var tries = 0; rate <= 0; tries++)
        {
            Assert.True(tries < 600, "Prometheus has no rate of requests after a minute.");
            await client.GetStringAsync($"{records.Urls.First()}/patients/p{tries}", Cancellation);
            await Task.Delay(100, Cancellation);
            rate = await QueryAsync(client, prometheus.Port, "edgemesh:http_requests:rate5m{site=\"clinic-a\",service=\"records\"}");
        }

        Assert.Equal(1, await QueryAsync(client, prometheus.Port, "up{site=\"clinic-a\"}"));
        Assert.Contains(Trace, await TracesAsync(client, prometheus.Port));
    }

    /// <summary>The traces to which a service's latency leads.</summary>
    private static async Task<List<string?>> TracesAsync(HttpClient client, int port)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var query = Uri.EscapeDataString("http_server_request_duration_seconds_bucket{site=\"clinic-a\",service=\"records\"}");
        var answer = JsonDocument.Parse(await client.GetStringAsync($"http://127.0.0.1:{port}/api/v1/query_exemplars?query={query}&start={now - 600}&end={now + 600}", Cancellation)).RootElement;
        return [.. answer.GetProperty("data").EnumerateArray().SelectMany(s => s.GetProperty("exemplars").EnumerateArray()).Select(e => e.GetProperty("labels").GetProperty("trace_id").GetString())];
    }

    private static async Task<double> QueryAsync(HttpClient client, int port, string query)
    {
        var answer = JsonDocument.Parse(await client.GetStringAsync($"http://127.0.0.1:{port}/api/v1/query?query={Uri.EscapeDataString(query)}", Cancellation)).RootElement;
        return answer.GetProperty("data").GetProperty("result") is { } result && result.GetArrayLength() > 0
            ? double.Parse(result[0].GetProperty("value")[1].GetString()!, System.Globalization.CultureInfo.InvariantCulture)
            : 0;
    }
}
