using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Finds traces and their spans.</summary>
internal sealed class TraceReader(StoreFile file, TimeProvider clock)
{
    /// <summary>More spans than this of one trace are not shown: the first are.</summary>
    private const int MostSpans = 10_000;

    public const string Columns = "SELECT span.trace, span.span, span.parent, source.site, source.service, span.name, span.kind, span.start, span.duration, span.error, span.attributes, span.links FROM span JOIN source ON source.n = span.source";

    /// <summary>The newest first; what was found when the search took too long, if it did.</summary>
    public IReadOnlyList<TraceSummary> Find(TraceQuery query, CancellationToken cancellation)
    {
        var statement = new ReadStatement("SELECT trace.trace, source.site, source.service, trace.name, trace.start, trace.finish, trace.spans, trace.errors FROM trace JOIN source ON source.n = trace.source")
            .Where("trace.start >= $$", query.From?.UtcTicks)
            .Where("trace.start < $$", query.To?.UtcTicks)
            .Where("trace.finish - trace.start >= $$", query.LeastDuration?.Ticks)
            .Where("trace.name LIKE $$ ESCAPE '\\'", ReadStatement.Anywhere(query.Text))
            .TookPart(query.Site, query.Service);
        if (query.OnlyErrors)
        {
            statement.Where("trace.errors > 0");
        }

        using var connection = file.OpenToRead();
        using var limit = new ReadLimit(connection, clock, cancellation);
        using var command = statement.Then($"ORDER BY trace.start DESC LIMIT {Math.Clamp(query.Limit, 1, TraceQuery.MostTraces)}").Command(connection);
        var traces = new List<TraceSummary>();
        try
        {
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                traces.Add(new(LogReader.Hex(reader, 0)!, reader.GetString(1), reader.GetString(2), reader.GetString(3), Time(reader, 4),
                    TimeSpan.FromTicks(reader.GetInt64(5) - reader.GetInt64(4)), reader.GetInt32(6), reader.GetInt32(7)));
            }
        }
        catch (SqliteException error) when (limit.Caused(error))
        {
            cancellation.ThrowIfCancellationRequested();
        }

        return traces;
    }

    /// <summary>In the order in which they began.</summary>
    /// <exception cref="TimeoutException">It takes too long.</exception>
    public IReadOnlyList<SpanRow> Spans(string traceId, CancellationToken cancellation)
    {
        using var connection = file.OpenToRead();
        using var limit = new ReadLimit(connection, clock, cancellation);
        using var command = new ReadStatement(Columns).Where("span.trace = $$", Convert.FromHexString(traceId)).Then($"ORDER BY span.start, span.id LIMIT {MostSpans}").Command(connection);
        return limit.Read(command, Span, "Reading this trace");
    }

    public static SpanRow Span(SqliteDataReader reader) => new(
        LogReader.Hex(reader, 0)!, LogReader.Hex(reader, 1)!, LogReader.Hex(reader, 2), reader.GetString(3), reader.GetString(4), reader.GetString(5),
        BatchWriter.KindName(reader.GetInt64(6)), Time(reader, 7), TimeSpan.FromTicks(reader.GetInt64(8)), reader.GetInt64(9) != 0,
        FieldsJson.Read(reader.GetString(10)), [.. reader.GetString(11).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Link)]);

    private static SpanLink Link(string text) => new(text[..32], text[33..]);

    private static DateTimeOffset Time(SqliteDataReader reader, int column) => new(reader.GetInt64(column), TimeSpan.Zero);
}
