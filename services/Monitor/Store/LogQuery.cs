namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Which log lines; what is null does not matter.</summary>
internal sealed record LogQuery
{
    public const int MostLines = 500;

    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Somewhere in the message or the values of its fields, in small or capital ASCII letters.</summary>
    public string? Text { get; init; }

    public string? Site { get; init; }

    public string? Service { get; init; }

    public LogLevel LeastLevel { get; init; } = LogLevel.Trace;

    public string? TraceId { get; init; }

    /// <summary>Fields with exactly these values.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    /// <summary>Lines older than that of this id: <see cref="LogPage.Next"/> of the page before.</summary>
    public long? Before { get; init; }

    /// <summary>At most <see cref="MostLines"/>.</summary>
    public int Limit { get; init; } = 100;
}

/// <summary>Log lines, the newest first.</summary>
/// <param name="Lines">The lines.</param>
/// <param name="Next">Where the next page begins (<see cref="LogQuery.Before"/>); null: there are no older ones.</param>
/// <param name="IsCutShort">The search took too long and ended: there may be more, older than the last line. A narrower time or a site helps.</param>
internal sealed record LogPage(IReadOnlyList<LogLine> Lines, long? Next, bool IsCutShort = false);

/// <summary>How many lines of a level fell into a part of the time.</summary>
/// <param name="Start">Where that part begins.</param>
/// <param name="Level">The level.</param>
/// <param name="Lines">How many.</param>
internal sealed record LevelCount(DateTimeOffset Start, LogLevel Level, long Lines);
