using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>A delivery that is due.</summary>
internal readonly record struct DueDelivery(long Id, int Attempts);

/// <summary>What dispatchers read: one connection, used by one at a time, for moments.</summary>
internal sealed class BrokerReader : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteCommand _fresh;
    private readonly SqliteCommand _again;
    private readonly SqliteCommand _next;
    private readonly SqliteCommand _load;

    public BrokerReader(SqliteConnection connection)
    {
        _fresh = BrokerWriter.Command(connection, "SELECT id, attempts FROM deliveries WHERE grp = $group AND due = $due ORDER BY id LIMIT $limit", "$group", "$due", "$limit");
        _again = BrokerWriter.Command(
            connection, "SELECT id, attempts FROM deliveries WHERE grp = $group AND due > 0 AND due <= $now ORDER BY due, id LIMIT $limit", "$group", "$now", "$limit");
        _next = BrokerWriter.Command(connection, "SELECT due FROM deliveries WHERE grp = $group AND due > $now ORDER BY due LIMIT 1", "$group", "$now");
        _load = BrokerWriter.Command(connection, "SELECT data, expires FROM messages WHERE id = $id", "$id");
    }

    /// <summary>Fresh messages in order, and those whose pause is over, in turns: neither keeps the other waiting.</summary>
    public IEnumerable<DueDelivery> Due(BrokerGroup group, DateTimeOffset now, int limit)
    {
        List<DueDelivery> fresh, again;
        lock (_gate)
        {
            fresh = Read(_fresh, group, 0, limit);
            again = Read(_again, group, now.ToUnixTimeMilliseconds(), limit);
        }

        for (var i = 0; i < Math.Max(fresh.Count, again.Count); i++)
        {
            if (i < again.Count)
            {
                yield return again[i];
            }

            if (i < fresh.Count)
            {
                yield return fresh[i];
            }
        }
    }

    private static List<DueDelivery> Read(SqliteCommand command, BrokerGroup group, long due, int limit)
    {
        var deliveries = new List<DueDelivery>();
        BrokerWriter.Set(command, group.Id, due, limit);
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            deliveries.Add(new DueDelivery(rows.GetInt64(0), rows.GetInt32(1)));
        }

        return deliveries;
    }

    /// <summary>When the next pause is over; null: none waits.</summary>
    public DateTimeOffset? NextDue(BrokerGroup group, DateTimeOffset now)
    {
        lock (_gate)
        {
            BrokerWriter.Set(_next, group.Id, now.ToUnixTimeMilliseconds());
            return _next.ExecuteScalar() is long due ? DateTimeOffset.FromUnixTimeMilliseconds(due) : null;
        }
    }

    /// <summary>Null: the message is gone, or its time is over.</summary>
    public byte[]? Load(long id, DateTimeOffset now)
    {
        lock (_gate)
        {
            BrokerWriter.Set(_load, id);
            using var rows = _load.ExecuteReader();
            return rows.Read() && (rows.IsDBNull(1) || rows.GetInt64(1) > now.ToUnixTimeMilliseconds()) ? rows.GetFieldValue<byte[]>(0) : null;
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _fresh.Dispose();
            _again.Dispose();
            _next.Dispose();
            _load.Dispose();
        }
    }
}
