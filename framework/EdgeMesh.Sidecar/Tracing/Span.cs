using System.Diagnostics;

namespace EdgeMesh.Sidecar.Tracing;

/// <summary>A span, or what stands for one where nobody listens: a trace goes on in any case.</summary>
/// <param name="activity">Null: nobody listens.</param>
/// <param name="trace">The trace.</param>
/// <param name="flags">Whether it is recorded.</param>
internal readonly struct Span(Activity? activity, ActivityTraceId trace, ActivityTraceFlags flags) : IDisposable
{
    private readonly ActivitySpanId _id = activity?.SpanId ?? ActivitySpanId.CreateRandom();

    /// <summary>As W3C writes it, for what comes below.</summary>
    public string Parent => $"00-{trace.ToHexString()}-{_id.ToHexString()}-{(byte)flags:x2}";

    /// <summary>As gRPC carries it (<c>grpc-trace-bin</c>), in base64 without its padding.</summary>
    public string Binary => BinaryTrace.Write(trace, _id, flags);

    public void Tag(string name, string value) => activity?.SetTag(name, value);

    public void Fail(string reason) => activity?.SetStatus(ActivityStatusCode.Error, reason);

    public void Dispose() => activity?.Dispose();
}
