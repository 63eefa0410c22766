using System.Diagnostics;

namespace EdgeMesh.Sidecar.Tracing;

/// <summary>The binary trace context that Dapr's gRPC calls carry: a version, then fields 0 (trace), 1 (span) and 2 (flags).</summary>
internal static class BinaryTrace
{
    public const string Header = "grpc-trace-bin";
    private const int Length = 29, TraceAt = 2, SpanAt = 19, FlagsAt = 28;

    /// <summary>As W3C writes it; null: it is none.</summary>
    public static string? Read(string base64)
    {
        Span<byte> bytes = stackalloc byte[Length + 1];
        if (base64.Length is 0 or > 40 || !Convert.TryFromBase64String(base64.TrimEnd('=').PadRight((base64.TrimEnd('=').Length + 3) / 4 * 4, '='), bytes, out var length))
        {
            return null;
        }

        return length == Length && bytes[0] == 0 && bytes[TraceAt - 1] == 0 && bytes[SpanAt - 1] == 1 && bytes[FlagsAt - 1] == 2
            ? $"00-{Convert.ToHexStringLower(bytes[TraceAt..(SpanAt - 1)])}-{Convert.ToHexStringLower(bytes[SpanAt..(FlagsAt - 1)])}-{bytes[FlagsAt] & 1:x2}"
            : null;
    }

    public static string Write(ActivityTraceId trace, ActivitySpanId span, ActivityTraceFlags flags)
    {
        Span<byte> bytes = stackalloc byte[Length];
        bytes.Clear();
        trace.CopyTo(bytes[TraceAt..(SpanAt - 1)]);
        bytes[SpanAt - 1] = 1;
        span.CopyTo(bytes[SpanAt..(FlagsAt - 1)]);
        bytes[FlagsAt - 1] = 2;
        bytes[FlagsAt] = (byte)flags;
        return Convert.ToBase64String(bytes).TrimEnd('=');
    }
}
