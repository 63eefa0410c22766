using EdgeMesh.Services.Monitor.Store;
using Microsoft.Data.Sqlite;
using Wire = EdgeMesh.Services.Monitor.Forward.Protos.Parcel;

namespace EdgeMesh.Services.Monitor.Forward;

/// <summary>One point of each series for a window of time: the mean of what is or of a rate, the highest of a quantile.</summary>
internal static class RollUp
{
    /// <summary>Adds the series of a window in the order of their numbers, until there is enough.</summary>
    /// <param name="connection">The store's thread's.</param>
    /// <param name="parcel">Where they go.</param>
    /// <param name="from">The window's begin.</param>
    /// <param name="to">Its end.</param>
    /// <param name="after">The last series that went into a parcel before; 0: none of this window.</param>
    /// <param name="enough">Bytes.</param>
    /// <returns>How many bytes it added, and the last series that it did; 0: that was all of the window.</returns>
    public static (int Bytes, long Last) AddWindow(SqliteConnection connection, Wire parcel, long from, long to, long after, int enough)
    {
        var (first, last) = (from / BatchWriter.SlotTicks, (to - 1) / BatchWriter.SlotTicks);
        using var command = connection.CreateCommand();
        // Within one slot the points lie in the order of their series, and nothing is sorted. Of the row with the highest value come the bare columns, and so its exemplar: SQLite promises that for one max().
        command.CommandText = $"""
            SELECT series.n, source.site, source.service, series.name, series.unit, series.kind, series.labels, avg(point.value), max(point.value), point.trace
            FROM point JOIN series ON series.n = point.series JOIN source ON source.n = series.source
            WHERE {(first == last ? "point.slot = $first" : "point.slot BETWEEN $first AND $last")} AND point.series > $after AND point.time >= $from AND point.time < $to
            GROUP BY point.series ORDER BY point.series
            """;
        command.Parameters.AddWithValue("$first", first);
        command.Parameters.AddWithValue("$last", last);
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$from", from);
        command.Parameters.AddWithValue("$to", to);
        using var reader = command.ExecuteReader();
        var (bytes, time) = (0, new DateTimeOffset(from, TimeSpan.Zero));
        while (reader.Read())
        {
            var series = SeriesReader.Series(reader);
            var value = reader.GetDouble(series.Kind is SeriesKinds.Gauge or SeriesKinds.Rate ? 7 : 8);
            parcel.Series.Add(ParcelCodec.Write(series, new(time, value, LogReader.Hex(reader, 9))));
            bytes += parcel.Series[^1].CalculateSize();
            if (bytes > enough)
            {
                return (bytes, series.Id);
            }
        }

        return (bytes, 0);
    }
}
