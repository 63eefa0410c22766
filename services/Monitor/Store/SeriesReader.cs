using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Finds series and their points.</summary>
internal sealed class SeriesReader(StoreFile file, TimeProvider clock)
{
    private const string Select = "SELECT series.n, source.site, source.service, series.name, series.unit, series.kind, series.labels FROM series JOIN source ON source.n = series.source";

    /// <summary>Null: there is none of that number.</summary>
    public SeriesInfo? Find(long series)
    {
        using var connection = file.OpenToRead();
        using var command = new ReadStatement(Select).Where("series.n = $$", series).Command(connection);
        using var reader = command.ExecuteReader();
        return reader.Read() ? Series(reader) : null;
    }

    /// <exception cref="TimeoutException">It takes too long.</exception>
    public IReadOnlyList<SeriesInfo> List(SeriesQuery query, CancellationToken cancellation)
    {
        var statement = new ReadStatement(Select)
            .Where("source.site = $$", query.Site).Where("source.service = $$", query.Service)
            .Where(NamePattern.IsPrefix(query.Name ?? "", out var beginning) ? "instr(series.name, $$) = 1" : "series.name = $$", beginning ?? query.Name).Where("series.kind = $$", query.Kind)
            .Where("series.name LIKE $$ ESCAPE '\\'", ReadStatement.Anywhere(query.Text))
            .Where("series.seen >= $$", query.Since is { } since ? since.UtcTicks / BatchWriter.SlotTicks : null);
        foreach (var (name, value) in query.Labels)
        {
            statement.Where("instr(series.labels, $$) > 0", NamePattern.IsPrefix(value, out var prefix) ? FieldsJson.PairBeginning(name, prefix) : FieldsJson.Pair(name, value));
        }

        using var connection = file.OpenToRead();
        using var limit = new ReadLimit(connection, clock, cancellation);
        using var command = statement.Then($"ORDER BY source.site, source.service, series.name, series.kind, series.n LIMIT {Math.Clamp(query.Limit, 1, SeriesQuery.MostSeries)}").Command(connection);
        return limit.Read(command, Series, "Finding these series");
    }

    /// <summary>By name.</summary>
    public IReadOnlyList<string> Services(string site)
    {
        using var connection = file.OpenToRead();
        using var limit = new ReadLimit(connection, clock, CancellationToken.None);
        using var command = new ReadStatement("SELECT service FROM source").Where("site = $$", site).Then("ORDER BY service").Command(connection);
        return limit.Read(command, row => row.GetString(0), "Finding the services");
    }

    public static SeriesInfo Series(SqliteDataReader reader) => new(
        reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5), FieldsJson.Read(reader.GetString(6)));

    /// <summary>In order of time. More points than <paramref name="most"/> are drawn together in equal parts of the time, each shown by its
    /// highest value: what stands out stays.</summary>
    /// <exception cref="TimeoutException">It takes too long.</exception>
    public IReadOnlyList<SeriesPoint> Read(long series, DateTimeOffset from, DateTimeOffset to, int most, CancellationToken cancellation)
    {
        using var connection = file.OpenToRead();
        using var limit = new ReadLimit(connection, clock, cancellation);
        using var command = connection.CreateCommand();
        // Slot by slot: a range over all of them would read every series of the time. Of the time that is asked for, what is kept at all.
        command.CommandText = """
            WITH RECURSIVE slots (n) AS (SELECT max($first, (SELECT min(slot) FROM point)) UNION ALL SELECT n + 1 FROM slots WHERE n < min($last, (SELECT max(slot) FROM point)))
            SELECT point.time, point.value, point.trace FROM slots CROSS JOIN point ON point.slot = slots.n AND point.series = $series
            WHERE point.time >= $from AND point.time < $to
            """;
        command.Parameters.AddWithValue("$first", from.UtcTicks / BatchWriter.SlotTicks);
        command.Parameters.AddWithValue("$last", (to.UtcTicks - 1) / BatchWriter.SlotTicks);
        command.Parameters.AddWithValue("$series", series);
        command.Parameters.AddWithValue("$from", from.UtcTicks);
        command.Parameters.AddWithValue("$to", to.UtcTicks);
        var points = limit.Read(command, row => new SeriesPoint(new DateTimeOffset(row.GetInt64(0), TimeSpan.Zero), row.GetDouble(1), LogReader.Hex(row, 2)), "Reading this series");
        return points.Count <= most ? points : Thin(points, from, to, most);
    }

    private static SeriesPoint[] Thin(List<SeriesPoint> points, DateTimeOffset from, DateTimeOffset to, int most)
    {
        var width = Math.Max(1, (to - from).Ticks / Math.Max(1, most));
        return [.. points.GroupBy(p => Math.Min(most - 1, (p.Time - from).Ticks / width)).Select(part => part.MaxBy(p => p.Value)!)];
    }
}
