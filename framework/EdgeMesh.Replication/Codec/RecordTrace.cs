using System.Diagnostics;
using Google.Protobuf;

namespace EdgeMesh.Replication.Codec;

/// <summary>The trace in which a record was made, as the journal and feeds carry it: the trace's id and the span's, 24 bytes. Only of traces that are
/// recorded: another leads nowhere.</summary>
internal static class RecordTrace
{
    private const int TraceLength = 16;
    private const int Length = 24;

    /// <summary>Empty: the activity is none, or not recorded.</summary>
    public static ByteString Of(Activity? activity)
    {
        if (activity is not { Recorded: true, IdFormat: ActivityIdFormat.W3C })
        {
            return ByteString.Empty;
        }

        var bytes = new byte[Length];
        activity.TraceId.CopyTo(bytes.AsSpan(0, TraceLength));
        activity.SpanId.CopyTo(bytes.AsSpan(TraceLength));
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    /// <summary>Default: there is none, or a peer sent what is none.</summary>
    public static ActivityContext Read(ByteString trace) => trace.Length != Length ? default : new(
        ActivityTraceId.CreateFromBytes(trace.Span[..TraceLength]), ActivitySpanId.CreateFromBytes(trace.Span[TraceLength..]), ActivityTraceFlags.Recorded, isRemote: true);
}
