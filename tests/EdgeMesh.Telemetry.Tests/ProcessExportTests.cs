using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Time.Testing;
using OpenTelemetry.Trace;

namespace EdgeMesh.Telemetry.Tests;

public sealed class ProcessExportTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoHostsInOneProcess_ExportEachSpanOnceUnderItsOwnName()
    {
        await using var collector = await Collector.StartAsync();
        await using (var records = await StartAsync("records", collector))
        await using (var ledger = await StartAsync("ledger", collector))
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            await client.GetStringAsync($"{records.Urls.First()}/seen-by-records", Token);
            await client.GetStringAsync($"{ledger.Urls.First()}/seen-by-ledger", Token);

            // The last host that stops flushes; the first must not end the other's export.
            await records.StopAsync(Token);
            await ledger.StopAsync(Token);
        }

        var traces = collector.Texts("/v1/traces");
        Assert.Equal(1, Count(traces, Attribute("url.path", "/seen-by-records")));
        Assert.Equal(1, Count(traces, Attribute("url.path", "/seen-by-ledger")));
        Assert.Contains(Attribute("edgemesh.service", "records"), traces, StringComparison.Ordinal);
        Assert.Contains(Attribute("edgemesh.service", "ledger"), traces, StringComparison.Ordinal);
        Assert.Contains(Attribute("edgemesh.site", "clinic-a"), traces, StringComparison.Ordinal);
        var metrics = collector.Texts("/v1/metrics");
        Assert.Contains("http.server.request.duration", metrics, StringComparison.Ordinal);
        Assert.Contains(Attribute("edgemesh.service", "records"), metrics, StringComparison.Ordinal);
        Assert.Contains(Attribute("edgemesh.service", "ledger"), metrics, StringComparison.Ordinal);
        var logs = collector.Texts("/v1/logs");
        Assert.Equal(1, Count(logs, "records answers at /seen-by-records"));
        Assert.Equal(1, Count(logs, "ledger answers at /seen-by-ledger"));
        Assert.Contains(Attribute("edgemesh.service", "records"), logs, StringComparison.Ordinal);
        Assert.Contains(Attribute("edgemesh.service", "ledger"), logs, StringComparison.Ordinal);
        Assert.Contains(Attribute("Path", "/seen-by-ledger"), logs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Telemetry_ThatComesInAndProbes_AreNotTraced()
    {
        await using var collector = await Collector.StartAsync();
        await using (var monitor = await StartAsync("monitor", collector))
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            foreach (var path in (string[])["/v1/logs", "/v1/traces", "/v1/metrics", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", "/healthz", "/readyz", "/console/_blazor/negotiate", "/seen-by-monitor"])
            {
                using var answer = await client.GetAsync($"{monitor.Urls.First()}{path}", Token);
            }

            // What the console's own pages do.
            foreach (var source in (string[])["Microsoft.AspNetCore.Components", "Microsoft.AspNetCore.Components.Server.Circuits", "Microsoft.AspNetCore.SignalR.Server"])
            {
                using var own = new ActivitySource(source);
                Assert.False(own.HasListeners(), source);
            }

            await monitor.StopAsync(Token);
        }

        var traces = collector.Texts("/v1/traces");
        Assert.Contains(Attribute("url.path", "/seen-by-monitor"), traces, StringComparison.Ordinal);
        Assert.All((string[])["/v1/logs", "/v1/traces", "/v1/metrics", "TraceService/Export", "/healthz", "/readyz", "/console/_blazor/negotiate"],
            path => Assert.DoesNotContain(Attribute("url.path", path), traces, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Work_ThatAHostDoesByItself_IsNamedByTheHost()
    {
        await using var collector = await Collector.StartAsync();
        var (first, second) = (new Worker(), new Worker());
        await using var records = await StartAsync("records", collector, first);
        await using var ledger = await StartAsync("ledger", collector, second);

        object?[] names = [await first.Named.WaitAsync(Token), await second.Named.WaitAsync(Token)];
        // The last one ends the export, which is the process's.
        await records.StopAsync(Token);
        await ledger.StopAsync(Token);
        Assert.Equal(["records", "ledger"], names);
    }

    [Fact]
    public void ShouldSample_MoreThanItsRate_LeavesOutTheRestUntilTimeHasPassed()
    {
        var clock = new FakeTimeProvider();
        var sampler = new RateSampler(10, clock);

        Assert.Equal(10, Taken());
        clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(5, Taken());
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(10, Taken());

        int Taken() => Enumerable.Range(0, 30).Count(_ => sampler.ShouldSample(default).Decision == SamplingDecision.RecordAndSample);
    }

    [Fact]
    public void OnStart_ASpanInsideARequest_TakesTheHostFromItsParent()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name.StartsWith("test.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = new HostTags().OnStart,
        };
        ActivitySource.AddActivityListener(listener);
        using var host = new ActivitySource("test.host", null, [new(HostExport.SiteKey, "core"), new(HostExport.ServiceKey, "records")]);
        using var anyone = new ActivitySource("test.anyone");

        using var request = host.StartActivity("request");
        using var call = anyone.StartActivity("call");
        using var deeper = anyone.StartActivity("deeper");

        Assert.Equal("records", deeper?.GetTagItem(HostExport.ServiceKey));
        Assert.Equal("core", deeper?.GetTagItem(HostExport.SiteKey));
    }

    [Fact]
    public void OnEnd_ASpanOfARecord_KeepsNeitherItsIdNorTheQuery()
    {
        using var span = new Activity("CallLocal/records/fhir/Patient/clinic-a-7f")
            .SetTag("url.path", "/fhir/Patient/clinic-a-7f").SetTag("url.query", "?Ada=Redacted").SetTag("url.full", "https://clinic.invalid/fhir/Patient/clinic-a-7f?Ada").SetTag("http.route", "/fhir/{**path}");

        new AddressCut().OnEnd(span);

        Assert.Equal("CallLocal/records/fhir/Patient/{id}", span.DisplayName);
        Assert.Equal([new("url.path", "/fhir/Patient/{id}"), new("url.full", "https://clinic.invalid/fhir/Patient/{id}"), new("http.route", "/fhir/{**path}")], span.TagObjects);
    }

    /// <summary>A key and a short text as OTLP's protobuf writes them.</summary>
    private static string Attribute(string key, string value) => $"{key}\u0012{(char)(value.Length + 2)}\n{(char)value.Length}{value}";

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    private static async Task<WebApplication> StartAsync(string service, Collector collector, Worker? worker = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        });
        builder.AddEdgeMeshTelemetry("clinic-a", service);
        builder.Logging.AddFilter<ConsoleLoggerProvider>(_ => false);
        if (worker is not null)
        {
            builder.Services.AddHostedService(_ => worker);
        }

        var app = builder.Build();
        app.MapGet($"/seen-by-{service}", (ILogger<ProcessExportTests> logger) =>
        {
            logger.LogInformation("{Service} answers at {Path}", service, $"/seen-by-{service}");
            return service;
        });
        await app.StartAsync(Token);
        return app;
    }

    /// <summary>Tells by whose name its span goes.</summary>
    private sealed class Worker : BackgroundService
    {
        private static readonly ActivitySource Source = new("EdgeMesh.Tests.Work");
        private readonly TaskCompletionSource<object?> _named = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<object?> Named => _named.Task;

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            using var span = Source.StartActivity("work");
            _named.SetResult(span?.GetTagItem(HostExport.ServiceKey));
        }
    }

    /// <summary>Takes OTLP over HTTP and keeps the bytes.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly ConcurrentQueue<(string Path, byte[] Body)> _taken = new();

        private Collector(WebApplication app) => _app = app;

        public string Url => _app.Urls.First();

        public static async Task<Collector> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["urls"] = "http://127.0.0.1:0" });
            builder.Logging.ClearProviders();
            var collector = new Collector(builder.Build());
            collector._app.MapPost("/v1/{signal}", collector.TakeAsync);
            await collector._app.StartAsync(Token);
            return collector;
        }

        public string Texts(string path) => string.Concat(_taken.Where(t => t.Path == path).Select(t => Encoding.Latin1.GetString(t.Body)));

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private async Task TakeAsync(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            _taken.Enqueue((context.Request.Path, body.ToArray()));
        }
    }
}
