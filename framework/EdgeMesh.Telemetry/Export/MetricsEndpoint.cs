using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace EdgeMesh.Telemetry;

/// <summary>What Prometheus scrapes of one host. Counting begins with the first scrape: a site that nobody scrapes pays nothing. Listeners
/// are process-wide, so what belongs to other hosts of the process is dropped; what belongs to the process is told by each.</summary>
internal sealed class MetricsEndpoint(IServiceProvider services, TelemetryIdentity identity) : IDisposable
{
    public const string Path = "/metrics";

    private readonly Lock _gate = new();
    private MeterProvider? _meters;
    private RequestDelegate? _answer;

    public Task AnswerAsync(HttpContext context)
    {
        lock (_gate)
        {
            _answer ??= Begin();
        }

        return _answer(context);
    }

    public void Dispose() => _meters?.Dispose();

    private RequestDelegate Begin()
    {
        _meters = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => ProcessExport.Describe(resource, identity))
            .AddMeter("EdgeMesh.*", "Microsoft.AspNetCore.*", "System.Net.Http", "System.Runtime")
            .AddView(KeepOwn)
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            // Whoever scrapes twice wants to see what happened in between.
            .AddPrometheusExporter(options => options.ScrapeResponseCacheDurationMilliseconds = 0)
            .Build();
        var branch = new ApplicationBuilder(services);
        branch.UseOpenTelemetryPrometheusScrapingEndpoint(_meters, _ => true, path: null, configureBranchedPipeline: null, optionsName: null);
        return branch.Build();
    }

    private MetricStreamConfiguration? KeepOwn(Instrument instrument) =>
        instrument.Meter.Tags?.FirstOrDefault(t => t.Key == HostExport.ServiceKey).Value is not string owner || owner == identity.Service
            ? null
            : MetricStreamConfiguration.Drop;
}
