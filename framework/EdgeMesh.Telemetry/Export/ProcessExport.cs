using Microsoft.Extensions.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EdgeMesh.Telemetry;

/// <summary>The one tracer, meter and logger provider of this process. Listeners are process-wide: a provider in each host would export
/// everything as often as there are hosts. The first host makes them, by its configuration; the last one flushes and ends them.</summary>
internal sealed class ProcessExport : IDisposable
{
    // The listeners are the process's, and so is the one that keeps them.
    private static readonly Lock Gate = new();
    private static volatile ProcessExport? current;

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;
    private readonly ILoggerFactory _logs;
    private int _hosts;

    private ProcessExport(IConfiguration configuration, TelemetryIdentity identity)
    {
        _traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource => Describe(resource, identity))
            .AddSource("EdgeMesh.*")
            // Dapr's client calls by it: without its spans those of the sidecar would hang in the air.
            .AddSource("Grpc.Net.Client")
            .AddAspNetCoreInstrumentation(requests =>
            {
                requests.Filter = IsWorthATrace;
                // The console's own pages and clicks: they would be most of what it shows, and name the circuits of those who look.
                (requests.EnableAspNetCoreSignalRSupport, requests.EnableRazorComponentsSupport) = (false, false);
            })
            .AddHttpClientInstrumentation()
            .SetSampler(OtlpSettings.Sampler(configuration))
            .AddProcessor(new HostTags())
            .AddProcessor(new AddressCut())
            .AddProcessor(new BatchActivityExportProcessor(new OtlpTraceExporter(OtlpSettings.Exporter(configuration, "traces")), scheduledDelayMilliseconds: OtlpSettings.SpanDelay(configuration)))
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource => Describe(resource, identity))
            .AddMeter("EdgeMesh.*")
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddReader(OtlpSettings.Reader(configuration))
            .Build();
        // What a host may log is decided by the host's own rules.
        _logs = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddOpenTelemetry(export =>
        {
            var resource = ResourceBuilder.CreateDefault();
            Describe(resource, identity);
            export.SetResourceBuilder(resource);
            export.IncludeFormattedMessage = true;
            export.AddProcessor(new BatchLogRecordExportProcessor(new OtlpLogExporter(OtlpSettings.Exporter(configuration, "logs")), scheduledDelayMilliseconds: OtlpSettings.LogDelay(configuration)));
        }));
    }

    /// <summary>Where log records go; null: nothing is exported.</summary>
    public static ILoggerFactory? Loggers => current?._logs;

    /// <summary>Takes a share; whoever gives back the last one ends the export.</summary>
    public static IDisposable Take(IConfiguration configuration, TelemetryIdentity identity)
    {
        lock (Gate)
        {
            current ??= new ProcessExport(configuration, identity);
            current._hosts++;
            return new Share();
        }
    }

    /// <summary>The resource is the process: its site. Which service stands on each span and meter.</summary>
    public static void Describe(ResourceBuilder resource, TelemetryIdentity identity) => resource
        .AddService(identity.Service, serviceNamespace: "edgemesh", serviceInstanceId: $"{identity.Site}-{Environment.ProcessId}")
        .AddAttributes([new(HostExport.SiteKey, identity.Site)])
        .AddEnvironmentVariableDetector();

    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
        _logs.Dispose();
    }

    /// <summary>Telemetry that comes in is not traced, or it would cause more of itself; nor are probes and scrapes, nor the console's live connections.</summary>
    private static bool IsWorthATrace(HttpContext request) =>
        request.Request.Path.Value is not ("/v1/logs" or "/v1/traces" or "/v1/metrics" or "/healthz" or "/readyz" or MetricsEndpoint.Path) and var path
        && path?.StartsWith("/opentelemetry.proto.collector.", StringComparison.Ordinal) != true && path?.StartsWith("/console/_blazor", StringComparison.Ordinal) != true;

    private static void Return()
    {
        ProcessExport? last = null;
        lock (Gate)
        {
            if (current is { } export && --export._hosts == 0)
            {
                (last, current) = (export, null);
            }
        }

        // Flushing may wait for a collector that is away: not under the gate.
        last?.Dispose();
    }

    private sealed class Share : IDisposable
    {
        private int _returned;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                Return();
            }
        }
    }
}
