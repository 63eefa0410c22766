using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EdgeMesh.Telemetry;

/// <summary>The one tracer and one meter provider of this process. Listeners are process-wide: a provider in each host would export
/// everything as often as there are hosts. The first host makes them, by its configuration; the last one flushes and ends them.</summary>
internal sealed class ProcessExport : IDisposable
{
    // The listeners are the process's, and so is the one that keeps them.
    private static readonly Lock Gate = new();
    private static ProcessExport? current;

    private readonly TracerProvider _traces;
    private readonly MeterProvider _metrics;
    private int _hosts;

    private ProcessExport(IConfiguration configuration, TelemetryIdentity identity)
    {
        _traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource => Describe(resource, identity))
            .AddSource("EdgeMesh.*")
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddProcessor(new HostTags())
            .AddProcessor(new BatchActivityExportProcessor(new OtlpTraceExporter(OtlpSettings.Exporter(configuration, "traces"))))
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton(configuration))
            .ConfigureResource(resource => Describe(resource, identity))
            .AddMeter("EdgeMesh.*")
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddReader(OtlpSettings.Reader(configuration))
            .Build();
    }

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
    }

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
