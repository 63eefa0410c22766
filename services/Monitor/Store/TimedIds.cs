namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Row numbers that grow with the time of the record, so that the table itself is the index by time: pages, ranges and the oldest
/// rows are found without another. The milliseconds since 1970, and 19 bits to tell records of one millisecond apart.</summary>
internal sealed class TimedIds
{
    private const int CounterBits = 19;
    private const int TriesOfAMillisecond = 64;
    private const long MostMilliseconds = (1L << (63 - CounterBits)) - 1;

    private long _counter;

    /// <param name="time">The record's.</param>
    /// <param name="tries">How many numbers were found taken: by a run before this one, or because a sender gives all its records one time. A
    /// millisecond can be full, so after some of them the next one is tried.</param>
    public long Next(DateTimeOffset time, int tries = 0) =>
        First(time.AddMilliseconds(tries / TriesOfAMillisecond)) | (_counter++ & ((1L << CounterBits) - 1));

    /// <summary>To the millisecond.</summary>
    public static DateTimeOffset Time(long id) => DateTimeOffset.FromUnixTimeMilliseconds(id >> CounterBits);

    /// <summary>No record of that time or later has a smaller one.</summary>
    public static long First(DateTimeOffset time) => Math.Clamp(time.ToUnixTimeMilliseconds(), 0, MostMilliseconds) << CounterBits;
}
