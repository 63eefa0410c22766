using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EdgeMesh.Sidecar.Tracing;

/// <summary>One app's spans, and where they go. Without an exporter they go to whoever listens to the source <c>EdgeMesh.Sidecar</c> in the
/// process. What an exporter does not take in time is lost, and counted by its library: no call waits for it.</summary>
internal sealed class AppTracing : IDisposable
{
    private static readonly ActivitySource Shared = new("EdgeMesh.Sidecar");

    private readonly ActivitySource? _own;
    private readonly ActivityListener? _listener;
    private readonly TracerProvider? _exports;

    private AppTracing(TracingSetting setting, string appId, ILogger logger)
    {
        SamplingRate = setting.SamplingRate;
        if (!setting.IsExported)
        {
            return;
        }

        // The library listens by a source's name. Several sidecars of one process have sources of one name, so it is given each span instead.
        _exports = Sdk.CreateTracerProviderBuilder().ConfigureResource(resource => resource.Clear().AddService(appId, autoGenerateServiceInstanceId: false)).Build();
        var exporters = Exporters(setting, appId, logger).Select(e => new BatchActivityExportProcessor(e)).ToArray();
        Array.ForEach(exporters, e => _exports.AddProcessor(e));
        var own = _own = new ActivitySource("dapr-diagnostics");
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, own),
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.PropagationData,
            ActivityStopped = span => Array.ForEach(exporters, e => e.OnEnd(span)),
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Share of traces begun here that are recorded.</summary>
    public double SamplingRate { get; }

    public ActivitySource Source => _own ?? Shared;

    /// <summary>Null: nothing is traced.</summary>
    public static AppTracing? Of(TracingSetting? setting, string appId, ILogger logger) => setting is null ? null : new AppTracing(setting, appId, logger);

    /// <summary>A span below <paramref name="parent"/>, or the first of a trace.</summary>
    public Span Start(string name, ActivityKind kind, string? parent, string? state, double random)
    {
        // What the server traces of itself is no caller of ours.
        Activity.Current = null;
        var isChild = ActivityContext.TryParse(parent, state, out var context);
        var flags = isChild ? context.TraceFlags : random < SamplingRate ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None;
        var trace = isChild ? context.TraceId : ActivityTraceId.CreateRandom();
        return new Span(Source.StartActivity(name, kind, isChild ? context : new ActivityContext(trace, default, flags)), trace, flags);
    }

    /// <summary>The call that is served now is an invocation.</summary>
    public void NameInvocation(string appId, string method)
    {
        if (Served is { } span)
        {
            span.DisplayName = $"CallLocal/{appId}/{method.TrimStart('/')}";
            span.SetTag("rpc.service", "ServiceInvocation");
            span.SetTag(span.Kind == ActivityKind.Server ? "dapr.invoke_method" : "net.peer.name", span.Kind == ActivityKind.Server ? method.TrimStart('/') : appId);
        }
    }

    /// <summary>The call that is served now is one of an actor.</summary>
    public void NameActorCall(string type, string id, string method)
    {
        if (Served is { } span)
        {
            span.DisplayName = $"CallActor/{type}/{method}";
            span.SetTag("rpc.service", "ServiceInvocation");
            span.SetTag("dapr.actor", $"{type}.{id}");
            span.SetTag("net.peer.name", $"{type}.{id}");
        }
    }

    /// <summary>The span of the call that is served now; null: nobody listens.</summary>
    private Activity? Served => Activity.Current is { } span && ReferenceEquals(span.Source, Source) ? span : null;

    private static IEnumerable<BaseExporter<Activity>> Exporters(TracingSetting setting, string appId, ILogger logger)
    {
        if (setting.Otlp is { } otlp)
        {
            yield return new OtlpTraceExporter(new OtlpExporterOptions
            {
                Endpoint = otlp.Endpoint,
                Protocol = otlp.IsGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf,
                Headers = string.Join(',', otlp.Headers.Select(h => $"{h.Name}={Uri.EscapeDataString(h.Value)}")),
                TimeoutMilliseconds = (int)otlp.Timeout.TotalMilliseconds,
            });
        }

        if (setting.Zipkin is { } zipkin)
        {
            yield return new ZipkinSpans(zipkin, appId, logger);
        }

        if (setting.ToLog)
        {
            yield return new SpanLog(logger);
        }
    }

    /// <summary>What is not exported yet is, for as long as the library takes (5 s).</summary>
    public void Dispose()
    {
        _listener?.Dispose();
        _own?.Dispose();
        _exports?.Dispose();
    }
}
