using EdgeMesh.Services.Monitor.Intake.Protos;
using Google.Protobuf;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

/// <summary>Exports as a service of the site would send them.</summary>
internal static class Exports
{
    public const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    public const string SpanId = "00f067aa0ba902b7";

    public static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static ulong Nanoseconds(double seconds) => (ulong)((Time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100) + (ulong)(seconds * 1e9);

    public static KeyValue Pair(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    public static Resource Resource(string service = "records") => new() { Attributes = { Pair("service.name", service) } };

    public static LogRecord Record(string message, int severity = 9, params KeyValue[] attributes) => new()
    {
        TimeUnixNano = Nanoseconds(0), SeverityNumber = severity, Body = new AnyValue { StringValue = message }, Attributes = { attributes },
        TraceId = ByteString.CopyFrom(Convert.FromHexString(TraceId)), SpanId = ByteString.CopyFrom(Convert.FromHexString(SpanId)),
    };

    public static ExportLogsServiceRequest Logs(params LogRecord[] records) => new()
    {
        ResourceLogs = { new ResourceLogs { Resource = Resource(), ScopeLogs = { new ScopeLogs { Scope = new InstrumentationScope { Name = "EdgeMesh.Records" }, LogRecords = { records } } } } },
    };

    public static ExportTraceServiceRequest Traces(params Span[] spans) => new()
    {
        ResourceSpans = { new ResourceSpans { Resource = Resource(), ScopeSpans = { new ScopeSpans { Spans = { spans } } } } },
    };

    public static Span Span(string name) => new()
    {
        TraceId = ByteString.CopyFrom(Convert.FromHexString(TraceId)), SpanId = ByteString.CopyFrom(Convert.FromHexString(SpanId)), Name = name, Kind = 2,
        StartTimeUnixNano = Nanoseconds(0), EndTimeUnixNano = Nanoseconds(0.25), Status = new SpanStatus { Code = 2, Message = "gone" },
        Attributes = { Pair("net.peer.name", "db"), Pair("edgemesh.service", "ledger"), Pair("edgemesh.site", "clinic-z") },
        Links = { new Span.Types.Link { TraceId = ByteString.CopyFrom(new byte[15].Append((byte)1).ToArray()), SpanId = ByteString.CopyFrom(new byte[7].Append((byte)1).ToArray()) } },
    };

    public static ExportMetricsServiceRequest Metrics(params Metric[] metrics) => new()
    {
        ResourceMetrics = { new ResourceMetrics { Resource = Resource(), ScopeMetrics = { new ScopeMetrics { Metrics = { metrics } } } } },
    };
}
