using System.Globalization;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.Data.Sqlite;
using Wire = EdgeMesh.Services.Monitor.Forward.Protos.Parcel;

namespace EdgeMesh.Services.Monitor.Forward;

/// <summary>A parcel that was made and is not yet known to have arrived.</summary>
internal sealed record WaitingParcel(long Sequence, int Records, byte[] Body);

/// <summary>Makes parcels and forgets them once they arrived. Each method is one transaction on the store's thread: a parcel is made together
/// with taking its rows from what waits, so after a crash the very same parcel goes out again, under the same number.</summary>
internal sealed class ParcelTable(TelemetryStore store, MonitorOptions options)
{
    private const int MostRows = 2000;

    /// <summary>Where in a window of time the last parcel of points ended.</summary>
    private const string RolledSeries = "rolled-series";

    /// <summary>Before packing. One that failed on the way is sent anew as a whole; and one alone must not use up the day.</summary>
    private readonly int _bytesOfAParcel = (int)Math.Clamp(options.ForwardBytesADay / 16, 4 * 1024, 256 * 1024);

    /// <summary>A parcel that waits since before, or a new one of what is important enough; null: there is nothing, or nothing may go any more
    /// today, not even again.</summary>
    public async Task<WaitingParcel?> NextAsync(int leastImportant, DateTimeOffset now)
    {
        if (leastImportant == 0)
        {
            return null;
        }

        WaitingParcel? parcel = null;
        await store.RunAsync(connection => parcel = Waiting(connection).FirstOrDefault() ?? Make(connection, leastImportant, now));
        return parcel;
    }

    public Task ArrivedAsync(WaitingParcel parcel, long day, long bytesOfTheDay) => store.RunAsync(connection =>
    {
        Run(connection, "DELETE FROM parcel WHERE sequence = $sequence", ("$sequence", parcel.Sequence));
        Spent(connection, day, bytesOfTheDay);
    });

    /// <summary>It went over the link, and did not arrive as far as is known.</summary>
    public Task SpentAsync(long day, long bytesOfTheDay) => store.RunAsync(connection => Spent(connection, day, bytesOfTheDay));

    /// <summary>The core will never take it.</summary>
    public Task RefusedAsync(WaitingParcel parcel, long day, long bytesOfTheDay) => store.RunAsync(connection =>
    {
        Run(connection, "DELETE FROM parcel WHERE sequence = $sequence", ("$sequence", parcel.Sequence));
        store.CountGivenUp("refused-by-core", parcel.Records);
        Spent(connection, day, bytesOfTheDay);
    });

    /// <summary>Something on the way takes no parcel of this size: two halves of it go in its place, under numbers that no core has seen.</summary>
    public Task SplitAsync(WaitingParcel parcel, long day, long bytesOfTheDay) => store.RunAsync(connection =>
    {
        Run(connection, "DELETE FROM parcel WHERE sequence = $sequence", ("$sequence", parcel.Sequence));
        foreach (var half in ParcelCodec.Halves(Open(parcel.Body)))
        {
            Insert(connection, half);
        }

        Spent(connection, day, bytesOfTheDay);
    });

    /// <summary>The core has seen higher numbers than this store has given: it is an old copy of itself. What it sends from now on is counted
    /// anew, so nothing of it is taken for what the other one sent.</summary>
    public Task BeginEpochAsync() => store.RunAsync(connection =>
    {
        var waiting = Waiting(connection);
        Run(connection, "DELETE FROM parcel");
        Write(connection, "epoch", StoreFile.NewEpoch());
        Write(connection, "sequence", "0");
        foreach (var parcel in waiting)
        {
            Insert(connection, Open(parcel.Body));
        }
    });

    public async Task<(long Day, long Bytes)> SentAsync(long day)
    {
        var bytes = 0L;
        await store.RunAsync(connection => bytes = Value(connection, "SELECT bytes FROM sent WHERE day = $day", ("$day", day)) as long? ?? 0);
        return (day, bytes);
    }

    private WaitingParcel? Make(SqliteConnection connection, int leastImportant, DateTimeOffset now)
    {
        foreach (var importance in (int[])[OutgoingRows.Errors, OutgoingRows.Metrics, OutgoingRows.Rest])
        {
            if (importance > leastImportant)
            {
                break;
            }

            var parcel = new Wire();
            var found = importance == OutgoingRows.Metrics ? AddPoints(connection, parcel, now) : AddRows(connection, parcel, importance);
            if (found)
            {
                return Insert(connection, parcel);
            }
        }

        return null;
    }

    private bool AddRows(SqliteConnection connection, Wire parcel, int importance)
    {
        var (rows, last, bytes) = (References(connection, importance), 0L, 0);
        var missing = 0;
        foreach (var (n, kind, row) in rows)
        {
            if (bytes > _bytesOfAParcel)
            {
                break;
            }

            (last, var size) = (n, kind == OutgoingRows.LogKind ? AddLog(connection, parcel, row) : AddSpan(connection, parcel, row));
            bytes += size;
            missing += size == 0 ? 1 : 0;
        }

        // Retention was faster than the link.
        store.CountGivenUp("unsent", missing);
        store.OutgoingTaken(Run(connection, "DELETE FROM outgoing WHERE class = $class AND n <= $last", ("$class", importance), ("$last", last)));
        return bytes > 0;
    }

    private static List<(long N, int Kind, long Row)> References(SqliteConnection connection, int importance)
    {
        using var command = Command(connection, $"SELECT n, kind, row FROM outgoing WHERE class = $class ORDER BY n LIMIT {MostRows}", ("$class", importance));
        using var reader = command.ExecuteReader();
        var rows = new List<(long, int, long)>();
        while (reader.Read())
        {
            rows.Add((reader.GetInt64(0), reader.GetInt32(1), reader.GetInt64(2)));
        }

        return rows;
    }

    private static int AddLog(SqliteConnection connection, Wire parcel, long row)
    {
        using var command = Command(connection, $"{LogReader.Columns} WHERE log.id = $row", ("$row", row));
        using var reader = command.ExecuteReader();
        if (!reader.Read())
        {
            return 0;
        }

        parcel.Logs.Add(ParcelCodec.Write(LogReader.Line(reader)));
        return parcel.Logs[^1].CalculateSize();
    }

    private static int AddSpan(SqliteConnection connection, Wire parcel, long row)
    {
        using var command = Command(connection, $"{TraceReader.Columns} WHERE span.id = $row", ("$row", row));
        using var reader = command.ExecuteReader();
        if (!reader.Read())
        {
            return 0;
        }

        parcel.Spans.Add(ParcelCodec.Write(TraceReader.Span(reader)));
        return parcel.Spans[^1].CalculateSize();
    }

    /// <summary>Whole windows of time, each series as one point; the window that is still filling stays here.</summary>
    private bool AddPoints(SqliteConnection connection, Wire parcel, DateTimeOffset now)
    {
        var width = TimeSpan.FromSeconds(options.RollUpSeconds).Ticks;
        // Points come a little after their time.
        var closed = (now.UtcTicks / width * width) - width;
        var from = Read(connection, "rolled") is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : closed - width;
        var bytes = 0;
        var after = long.Parse(Read(connection, RolledSeries) ?? "0", CultureInfo.InvariantCulture);
        while (from < closed && bytes < _bytesOfAParcel)
        {
            // Over hours without a point it goes in one step.
            if (Value(connection, "SELECT min(time) FROM point WHERE slot = (SELECT min(slot) FROM point WHERE slot > $slot)", ("$slot", (from / BatchWriter.SlotTicks) - 1)) is not long)
            {
                (from, after) = (closed, 0);
                break;
            }

            var to = Math.Min(from + width, closed);
            (var added, after) = RollUp.AddWindow(connection, parcel, from, to, after, _bytesOfAParcel - bytes);
            (bytes, from) = (bytes + added, after == 0 ? to : from);
        }

        Write(connection, "rolled", from.ToString(CultureInfo.InvariantCulture));
        Write(connection, RolledSeries, after.ToString(CultureInfo.InvariantCulture));
        return bytes > 0;
    }

    private static void Spent(SqliteConnection connection, long day, long bytes)
    {
        Run(connection, "INSERT INTO sent VALUES ($day, $bytes) ON CONFLICT (day) DO UPDATE SET bytes = excluded.bytes", ("$day", day), ("$bytes", bytes));
        Run(connection, "DELETE FROM sent WHERE day < $day - 30", ("$day", day));
    }

    private static WaitingParcel Insert(SqliteConnection connection, Wire parcel)
    {
        parcel.Epoch = Read(connection, "epoch")!;
        parcel.Sequence = long.Parse(Read(connection, "sequence") ?? "0", CultureInfo.InvariantCulture) + 1;
        Write(connection, "sequence", parcel.Sequence.ToString(CultureInfo.InvariantCulture));
        var made = new WaitingParcel(parcel.Sequence, parcel.Logs.Count + parcel.Spans.Count + parcel.Series.Count, ParcelCodec.Pack(parcel));
        Run(connection, "INSERT INTO parcel VALUES ($sequence, $records, $body)", ("$sequence", made.Sequence), ("$records", made.Records), ("$body", made.Body));
        return made;
    }

    /// <summary>One, or the parts of one that was too large.</summary>
    private static List<WaitingParcel> Waiting(SqliteConnection connection)
    {
        using var command = Command(connection, "SELECT sequence, records, body FROM parcel ORDER BY sequence");
        using var reader = command.ExecuteReader();
        var parcels = new List<WaitingParcel>();
        while (reader.Read())
        {
            parcels.Add(new(reader.GetInt64(0), reader.GetInt32(1), (byte[])reader[2]));
        }

        return parcels;
    }

    private static Wire Open(byte[] body)
    {
        using var packed = new MemoryStream(body);
        using var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Decompress);
        return Wire.Parser.ParseFrom(gzip);
    }

    private static string? Read(SqliteConnection connection, string name) => Value(connection, "SELECT value FROM about WHERE name = $name", ("$name", name)) as string;

    private static void Write(SqliteConnection connection, string name, string value) =>
        Run(connection, "INSERT OR REPLACE INTO about VALUES ($name, $value)", ("$name", name), ("$value", value));

    private static object? Value(SqliteConnection connection, string sql, params (string, object)[] values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteScalar();
    }

    private static int Run(SqliteConnection connection, string sql, params (string, object)[] values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params (string Name, object Value)[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
