namespace EdgeMesh.Telemetry;

/// <summary>A time as the schema has it, such as <c>2030-02-03T04:05:06.789Z</c>. By hand: the base library's custom formats take as long as
/// all the rest of a record.</summary>
internal static class EcsTime
{
    public const int Length = 24;

    public static void Write(DateTimeOffset time, Span<byte> to)
    {
        var utc = time.UtcDateTime;
        "0000-00-00T00:00:00.000Z"u8.CopyTo(to);
        Digits(utc.Year, to[..4]);
        Digits(utc.Month, to[5..7]);
        Digits(utc.Day, to[8..10]);
        Digits(utc.Hour, to[11..13]);
        Digits(utc.Minute, to[14..16]);
        Digits(utc.Second, to[17..19]);
        Digits(utc.Millisecond, to[20..23]);
    }

    private static void Digits(int value, Span<byte> to)
    {
        for (var n = to.Length - 1; n >= 0; n--, value /= 10)
        {
            to[n] = (byte)('0' + (value % 10));
        }
    }
}
