using EdgeMesh.Services.Monitor.Store;
using Microsoft.Data.Sqlite;
using Wire = EdgeMesh.Services.Monitor.Forward.Protos.Parcel;

namespace EdgeMesh.Services.Monitor.Forward;

/// <summary>One point of each series for a window of time: the mean of what is or of a rate, the highest of a quantile.</summary>
internal static class RollUp
{
    private const int MostSeries = 20_000;

    /// <summary>How many bytes it added.</summary>
    public static int AddWindow(SqliteConnection connection, Wire parcel, long from, long to)
    {
        using var command = connection.CreateCommand();
        // Of the row with the highest value come the bare columns, and so its exemplar: SQLite promises that for one max().
        command.CommandText = $"""
            SELECT series.n, source.site, source.service, series.name, series.unit, series.kind, series.labels, avg(point.value), max(point.value), point.trace
            FROM point JOIN series ON series.n = point.series JOIN source ON source.n = series.source
            WHERE point.slot >= $firstSlot AND point.slot <= $lastSlot AND point.time >= $from AND point.time < $to
            GROUP BY point.series LIMIT {MostSeries}
            """;
        command.Parameters.AddWithValue("$firstSlot", from / BatchWriter.SlotTicks);
        command.Parameters.AddWithValue("$lastSlot", to / BatchWriter.SlotTicks);
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
        }

        return bytes;
    }
}
