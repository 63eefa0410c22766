using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Finds log lines.</summary>
internal sealed class LogReader(StoreFile file, TimeProvider clock)
{
    public const string Columns = "SELECT log.id, log.time, source.site, source.service, log.level, log.message, log.trace, log.span, log.fields FROM log JOIN source ON source.n = log.source";

    private static readonly string Sums = $"SELECT {string.Join(", ", Enumerable.Range(0, (int)LogLevel.None).Select(level => $"sum(log.level = {level})"))} FROM log";

    public LogPage Find(LogQuery query, CancellationToken cancellation)
    {
        var most = Math.Clamp(query.Limit, 1, LogQuery.MostLines);
        var statement = Filter(new(Columns), query).Then($"ORDER BY log.id DESC LIMIT {most}");
        using var connection = file.OpenToRead();
        using var limit = new ReadLimit(connection, clock, cancellation);
        using var command = statement.Command(connection);
        var lines = new List<LogLine>();
        try
        {
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                lines.Add(Line(reader));
            }
        }
        catch (SqliteException error) when (limit.Caused(error))
        {
            cancellation.ThrowIfCancellationRequested();
            return new(lines, lines.Count > 0 ? lines[^1].Id : null, IsCutShort: true);
        }

        return new(lines, lines.Count == most ? lines[^1].Id : null);
    }

    /// <summary>Lines by level in equal parts, to the millisecond, of the time from <see cref="LogQuery.From"/> to <see cref="LogQuery.To"/>, which
    /// must be given. Each part is counted as its lines come by: to group them SQLite would sort them first, all in memory.</summary>
    public IReadOnlyList<LevelCount> Count(LogQuery query, int parts, CancellationToken cancellation)
    {
        var (from, to) = (query.From!.Value.UtcTicks, query.To!.Value.UtcTicks);
        var width = Math.Max(1, (to - from + parts - 1) / parts);
        using var connection = file.OpenToRead();
        using var limit = new ReadLimit(connection, clock, cancellation);
        var counts = new List<LevelCount>();
        for (var at = from; at < to; at += width)
        {
            var start = new DateTimeOffset(at, TimeSpan.Zero);
            var part = query with { From = start, To = new DateTimeOffset(Math.Min(at + width, to), TimeSpan.Zero) };
            using var command = Filter(new(Sums), part).Command(connection);
            counts.AddRange(limit.Read(command, row => Levels(row, start), "Counting these lines").SelectMany(c => c));
        }

        return counts;
    }

    /// <summary>The row that the reader is at.</summary>
    public static LogLine Line(SqliteDataReader reader) => new(
        reader.GetInt64(0), new DateTimeOffset(reader.GetInt64(1), TimeSpan.Zero), reader.GetString(2), reader.GetString(3), (LogLevel)reader.GetInt32(4), reader.GetString(5),
        Hex(reader, 6), Hex(reader, 7), FieldsJson.Read(reader.GetString(8)));

    public static string? Hex(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? null : Convert.ToHexStringLower((byte[])reader[column]);

    /// <summary>Of the one row of sums, which are null where there were no lines.</summary>
    private static List<LevelCount> Levels(SqliteDataReader sums, DateTimeOffset start) =>
        [.. Enumerable.Range(0, sums.FieldCount).Where(level => !sums.IsDBNull(level) && sums.GetInt64(level) > 0).Select(level => new LevelCount(start, (LogLevel)level, sums.GetInt64(level)))];

    private static ReadStatement Filter(ReadStatement statement, LogQuery query)
    {
        statement
            .Where("log.id >= $$", query.From is { } from ? TimedIds.First(from) : null)
            .Where("log.id < $$", query.To is { } to ? TimedIds.First(to) : null)
            .Where("log.id < $$", query.Before)
            .Where("log.trace = $$", query.TraceId is { } trace ? Convert.FromHexString(trace) : null)
            .FromSource("log.source", query.Site, query.Service);
        if (query.LeastLevel > LogLevel.Trace)
        {
            // In figures, and not as a parameter: so SQLite sees that the index over severe lines has all of them.
            statement.Where(query.LeastLevel >= LogLevel.Warning ? $"log.level >= 3 AND log.level >= {(int)query.LeastLevel}" : $"log.level >= {(int)query.LeastLevel}");
        }

        foreach (var (name, value) in query.Fields)
        {
            statement.Where("instr(log.fields, $$) > 0", FieldsJson.Pair(name, value));
        }

        return statement.Where("(log.message LIKE $$ ESCAPE '\\' OR log.fields LIKE $$ ESCAPE '\\')", ReadStatement.Anywhere(query.Text));
    }
}
