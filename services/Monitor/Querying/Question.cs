using System.Globalization;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Querying;

/// <summary>A query string, read strictly: each part of it that is not understood is a fault.</summary>
internal sealed class Question(IQueryCollection query, TimeProvider clock)
{
    private const string FieldPrefix = "field.";
    private const int MostParts = 1000;
    private const int MostPoints = 5000;

    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Null: there are faults; so everywhere.</summary>
    public LogQuery? Logs() => OrNull(new LogQuery
    {
        From = Time("from"), To = Time("to"), Text = Text("text"), Site = Text("site"), Service = Text("service"), LeastLevel = Level(), TraceId = TraceId(Text("trace")),
        Before = Number("before", 0, long.MaxValue), Limit = (int)(Number("limit", 1, LogQuery.MostLines) ?? 100), Fields = Fields(),
    });

    public (LogQuery Query, int Parts)? Counts()
    {
        var parts = (int)(Number("parts", 1, MostParts) ?? 60);
        var logs = Logs();
        return logs is null ? null : (logs with { To = logs.To ?? clock.GetUtcNow(), From = logs.From ?? (logs.To ?? clock.GetUtcNow()).AddHours(-1) }, parts);
    }

    public TraceQuery? Traces() => OrNull(new TraceQuery
    {
        From = Time("from"), To = Time("to"), Text = Text("text"), Site = Text("site"), Service = Text("service"), OnlyErrors = Text("errors") == "true",
        LeastDuration = Number("milliseconds", 0, 86_400_000) is { } least ? TimeSpan.FromMilliseconds(least) : null, Limit = (int)(Number("limit", 1, TraceQuery.MostTraces) ?? 100),
    });

    public SeriesQuery? Series() => OrNull(new SeriesQuery
    {
        Site = Text("site"), Service = Text("service"), Name = Text("name"), Text = Text("text"), Kind = Text("kind"), Since = Time("since"), Labels = Fields(),
        Limit = (int)(Number("limit", 1, SeriesQuery.MostSeries) ?? SeriesQuery.MostSeries),
    });

    public (DateTimeOffset From, DateTimeOffset To, int Most)? Points()
    {
        var (to, from, most) = (Time("to") ?? clock.GetUtcNow(), Time("from"), (int)(Number("points", 1, MostPoints) ?? 500));
        return _faults.Count == 0 ? (from ?? to.AddHours(-1), to, most) : null;
    }

    public string? TraceId(string? text)
    {
        var id = TraceIds.Read(text);
        if (text is not null && id is null)
        {
            _faults.Add("A trace has 32 hexadecimal digits.");
        }

        return id;
    }

    private T? OrNull<T>(T asked)
        where T : class => _faults.Count == 0 ? asked : null;

    private string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    private DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && time >= DateTimeOffset.UnixEpoch)
        {
            return time;
        }

        _faults.Add($"'{name}' is no time since 1970: give one such as 2026-03-01T12:00:00Z.");
        return null;
    }

    private long? Number(string name, long least, long most)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        _faults.Add(string.Create(CultureInfo.InvariantCulture, $"'{name}' must be a whole number from {least} to {most}."));
        return null;
    }

    private LogLevel Level()
    {
        if (Text("level") is not { } text)
        {
            return LogLevel.Trace;
        }

        if (Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level) && level < LogLevel.None && !int.TryParse(text, out _))
        {
            return level;
        }

        _faults.Add("'level' is one of Trace, Debug, Information, Warning, Error, Critical.");
        return LogLevel.Trace;
    }

    private Dictionary<string, string> Fields() =>
        query.Where(q => q.Key.StartsWith(FieldPrefix, StringComparison.Ordinal)).ToDictionary(q => q.Key[FieldPrefix.Length..], q => q.Value.ToString(), StringComparer.Ordinal);
}
