using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>The broker's changes, each durable when its task ends; those that wait at the same time share one sync. Statements are
/// prepared once, and run on the writer's thread alone.</summary>
internal sealed class BrokerWriter : IAsyncDisposable
{
    private readonly GroupWriter _writer;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _spread;
    private readonly SqliteCommand _addGroup;
    private readonly SqliteCommand _done;
    private readonly SqliteCommand _postpone;
    private readonly SqliteCommand _sweep;
    private readonly SqliteCommand _touch;

    public BrokerWriter(SqliteConnection connection, string name)
    {
        _insert = Command(connection, "INSERT INTO messages (topic, data, published, expires) VALUES ($topic, $data, $now, $expires) RETURNING id", "$topic", "$data", "$now", "$expires");
        _spread = Command(connection, "INSERT INTO deliveries (grp, id) SELECT id, $id FROM groups WHERE topic = $topic", "$id", "$topic");
        _addGroup = Command(
            connection, "INSERT INTO groups (topic, name, seen) VALUES ($topic, $name, $now) ON CONFLICT (topic, name) DO UPDATE SET seen = $now RETURNING id", "$topic", "$name", "$now");
        _done = Command(connection, "DELETE FROM deliveries WHERE grp = $group AND id = $id", "$group", "$id");
        _postpone = Command(connection, "UPDATE deliveries SET due = $due, attempts = $attempts WHERE grp = $group AND id = $id", "$due", "$attempts", "$group", "$id");
        _sweep = Command(
            connection,
            "DELETE FROM messages WHERE id = $id AND NOT EXISTS (SELECT 1 FROM groups g JOIN deliveries d ON d.grp = g.id AND d.id = $id WHERE g.topic = $topic) RETURNING LENGTH(data)",
            "$id", "$topic");
        _touch = Command(connection, "UPDATE groups SET seen = $now WHERE id = $id", "$now", "$id");
        _writer = new GroupWriter(connection, name);
    }

    public Task InsertAsync(BrokerMessage message, DateTimeOffset now, CancellationToken cancellation)
    {
        var moment = now.ToUnixTimeMilliseconds();
        var expires = BrokerMessage.ReadTimeToLive(message.Metadata) is { } time ? moment + (long)time.TotalMilliseconds : (long?)null;
        return _writer.WriteAsync(_ =>
        {
            Set(_insert, message.Topic, Bytes(message.Data), moment, (object?)expires ?? DBNull.Value);
            Set(_spread, _insert.ExecuteScalar()!, message.Topic);
            _spread.ExecuteNonQuery();
            return true;
        }, cancellation);
    }

    /// <summary>The group's id. From here on the topic's messages are kept for it.</summary>
    public async Task<long> AddGroupAsync(string topic, string name, DateTimeOffset now, CancellationToken cancellation)
    {
        long id = 0;
        await _writer.WriteAsync(_ =>
        {
            Set(_addGroup, topic, name, now.ToUnixTimeMilliseconds());
            id = (long)_addGroup.ExecuteScalar()!;
            return true;
        }, cancellation);
        return id;
    }

    /// <summary>A group has done with a message, and the last one with its row.</summary>
    /// <returns>Bytes that this freed.</returns>
    public async Task<long> AcknowledgeAsync(BrokerGroup group, long id)
    {
        long freed = 0;
        await _writer.WriteAsync(_ =>
        {
            Set(_done, group.Id, id);
            freed = _done.ExecuteNonQuery() > 0 ? Sweep(id, group.Topic) : 0;
            return true;
        }, CancellationToken.None);
        return freed;
    }

    public Task PostponeAsync(BrokerGroup group, long id, int attempts, DateTimeOffset due) => _writer.WriteAsync(_ =>
    {
        Set(_postpone, due.ToUnixTimeMilliseconds(), attempts, group.Id, id);
        _postpone.ExecuteNonQuery();
        return true;
    }, CancellationToken.None);

    /// <summary>Groups that have subscribers are no leftovers.</summary>
    public Task TouchAsync(IEnumerable<BrokerGroup> groups, DateTimeOffset now) => _writer.WriteAsync(_ =>
    {
        foreach (var group in groups)
        {
            Set(_touch, now.ToUnixTimeMilliseconds(), group.Id);
            _touch.ExecuteNonQuery();
        }

        return true;
    }, CancellationToken.None);

    /// <summary>Other changes, in a transaction with whatever waits.</summary>
    public Task WriteAsync(Action<SqliteConnection> change) => _writer.WriteAsync(connection =>
    {
        change(connection);
        return true;
    }, CancellationToken.None);

    /// <summary>On the writer's thread: deletes a message that no group waits for.</summary>
    /// <returns>Its bytes.</returns>
    public long Sweep(long id, string topic)
    {
        Set(_sweep, id, topic);
        return _sweep.ExecuteScalar() as long? ?? 0;
    }

    public static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<string> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        }

        return command;
    }

    public static void Set(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i];
        }
    }

    /// <summary>Messages mostly come as whole arrays, which are bound without a copy.</summary>
    private static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        MemoryMarshal.TryGetArray(data, out var array) && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : data.ToArray();

    /// <summary>Writes what waits, and closes the connection.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync(new Statements([_insert, _spread, _addGroup, _done, _postpone, _sweep, _touch]));

    private sealed class Statements(SqliteCommand[] commands) : IDisposable
    {
        public void Dispose() => Array.ForEach(commands, c => c.Dispose());
    }
}
