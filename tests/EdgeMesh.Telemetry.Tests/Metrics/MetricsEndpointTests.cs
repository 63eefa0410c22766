using System.Diagnostics;

namespace EdgeMesh.Telemetry.Tests.Metrics;

public sealed class MetricsEndpointTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_TwoHostsInOneProcess_EachTellsItsOwn()
    {
        await using var records = await MetricsHost.StartAsync("records");
        await using var ledger = await MetricsHost.StartAsync("ledger");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        string[] urls = [records.Urls.First(), ledger.Urls.First()];

        // Counting begins with the first scrape.
        await client.GetStringAsync($"{urls[0]}/metrics", Cancellation);
        await client.GetStringAsync($"{urls[1]}/metrics", Cancellation);
        for (var n = 0; n < 3; n++)
        {
            await client.GetStringAsync($"{urls[0]}/patients/CANARY-{n}", Cancellation);
        }

        var (ofRecords, ofLedger) = (await client.GetStringAsync($"{urls[0]}/metrics", Cancellation), await client.GetStringAsync($"{urls[1]}/metrics", Cancellation));
        Assert.Matches("""(?m)^http_server_request_duration_seconds_count\{[^\n]*http_route="/patients/\{id\}"[^\n]*\} 3( |$)""", ofRecords);
        Assert.DoesNotContain("/patients/{id}", ofLedger, StringComparison.Ordinal);
        Assert.Contains("service_name=\"ledger\"", ofLedger, StringComparison.Ordinal);
        Assert.DoesNotContain("CANARY", ofRecords, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OfThisProcess_AreToldToo()
    {
        await using var records = await MetricsHost.StartAsync("records");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await client.GetStringAsync($"{records.Urls.First()}/metrics", Cancellation);

        Assert.Contains("dotnet_gc_", await client.GetStringAsync($"{records.Urls.First()}/metrics", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_InOpenMetrics_LeadFromABucketToATrace()
    {
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        // As a tracer does once traces are exported.
        using var tracer = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(tracer);
        await using var records = await MetricsHost.StartAsync("records");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null });
        await client.GetStringAsync($"{records.Urls.First()}/metrics", Cancellation);
        using (var request = new HttpRequestMessage(HttpMethod.Get, $"{records.Urls.First()}/patients/p1") { Headers = { { "traceparent", $"00-{trace}-00f067aa0ba902b7-01" } } })
        {
            using var answer = await client.SendAsync(request, Cancellation);
        }

        using var scrape = new HttpRequestMessage(HttpMethod.Get, $"{records.Urls.First()}/metrics") { Headers = { { "Accept", "application/openmetrics-text; version=1.0.0" } } };
        using var scraped = await client.SendAsync(scrape, Cancellation);

        var text = await scraped.Content.ReadAsStringAsync(Cancellation);
        Assert.True(text.Contains($"trace_id=\"{trace}\"", StringComparison.Ordinal), text);
        Assert.Matches($$"""http_server_request_duration_seconds_bucket\{[^\n]*\} \d+[^\n]* # \{[^\n]*trace_id="{{trace}}""", text);
    }
}
