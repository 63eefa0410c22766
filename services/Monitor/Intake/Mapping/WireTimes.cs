using Google.Protobuf;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Times and ids as they come by wire.</summary>
internal static class WireTimes
{
    private const long NanosecondsPerTick = 100;
    private static readonly long MostTicks = DateTimeOffset.MaxValue.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;

    /// <summary>Null for none, or one beyond what a calendar has.</summary>
    public static DateTimeOffset? Time(ulong unixNanoseconds) =>
        unixNanoseconds == 0 || unixNanoseconds / NanosecondsPerTick > (ulong)MostTicks ? null : DateTimeOffset.UnixEpoch.AddTicks((long)(unixNanoseconds / NanosecondsPerTick));

    /// <summary>An id of so many bytes in lower-case hexadecimal; null: there is none. By JSON it comes as hexadecimal where protobuf's JSON
    /// has base64, and so was read as half as many bytes again.</summary>
    public static string? Id(ByteString id, int bytes)
    {
        if (id.Length == bytes)
        {
            return id.Span.IndexOfAnyExcept((byte)0) < 0 ? null : Convert.ToHexStringLower(id.Span);
        }

        return id.Length == bytes * 3 / 2 && Convert.ToBase64String(id.Span) is var text && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : null;
    }
}
