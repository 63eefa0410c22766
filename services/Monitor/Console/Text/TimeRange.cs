namespace EdgeMesh.Services.Monitor.Console.Text;

/// <summary>Which part of the time a page shows: a span until now by its name in the address (<c>15m</c> to <c>7d</c>), or from one moment to another.</summary>
internal readonly record struct TimeRange(DateTimeOffset From, DateTimeOffset To, string? Name)
{
    public static readonly (string Name, string Words, TimeSpan Span)[] Named =
    [
        ("15m", "15 minutes", TimeSpan.FromMinutes(15)),
        ("1h", "hour", TimeSpan.FromHours(1)),
        ("6h", "6 hours", TimeSpan.FromHours(6)),
        ("24h", "24 hours", TimeSpan.FromHours(24)),
        ("7d", "7 days", TimeSpan.FromDays(7)),
        ("30d", "30 days", TimeSpan.FromDays(30)),
    ];

    public TimeSpan Length => To - From;

    /// <param name="name">One of <see cref="Named"/>; what is not counts as <paramref name="usual"/>.</param>
    /// <param name="from">Milliseconds since 1970; with <paramref name="to"/> it goes before the name.</param>
    /// <param name="to">Likewise.</param>
    /// <param name="usual">One of <see cref="Named"/>.</param>
    /// <param name="now">The time.</param>
    public static TimeRange Read(string? name, long? from, long? to, string usual, DateTimeOffset now)
    {
        const long latest = 253_402_300_799_000;
        if (from is >= 0 and < latest && to is > 0 and <= latest && from < to)
        {
            return new(DateTimeOffset.FromUnixTimeMilliseconds(from.Value), DateTimeOffset.FromUnixTimeMilliseconds(to.Value), null);
        }

        var known = Named.FirstOrDefault(n => n.Name == name);
        known = known.Name is null ? Named.First(n => n.Name == usual) : known;
        return new(now - known.Span, now, known.Name);
    }
}
