namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Row numbers that grow with the time of the record, so that the table itself is the index by time: pages, ranges and the oldest
/// rows are found without another. The milliseconds since 1970, and 19 bits to tell records of one millisecond apart.</summary>
internal sealed class TimedIds
{
    private const int CounterBits = 19;
    private const long MostMilliseconds = (1L << (63 - CounterBits)) - 1;

    private long _counter;

    public long Next(DateTimeOffset time) => First(time) | (_counter++ & ((1L << CounterBits) - 1));

    /// <summary>To the millisecond.</summary>
    public static DateTimeOffset Time(long id) => DateTimeOffset.FromUnixTimeMilliseconds(id >> CounterBits);

    /// <summary>No record of that time or later has a smaller one.</summary>
    public static long First(DateTimeOffset time) => Math.Clamp(time.ToUnixTimeMilliseconds(), 0, MostMilliseconds) << CounterBits;
}
