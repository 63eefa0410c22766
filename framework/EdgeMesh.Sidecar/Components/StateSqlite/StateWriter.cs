using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.StateSqlite;

/// <summary>The statements that change the state table, prepared once. Used by the writer's thread alone.</summary>
internal sealed class StateWriter : IDisposable
{
    public const string TimeFormat = "yyyy-MM-dd HH:mm:ss";

    private readonly SqliteCommand _upsert;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _replace;
    private readonly SqliteCommand _delete;
    private readonly SqliteCommand _deleteByETag;
    private readonly SqliteCommand _cleanup;

    public StateWriter(SqliteConnection connection, string table)
    {
        const string Columns = "(key, value, is_binary, etag, expiration_time, update_time) VALUES ($key, $value, $binary, $etag, $expires, $now)";
        const string Assign = "value = excluded.value, is_binary = excluded.is_binary, etag = excluded.etag, expiration_time = excluded.expiration_time, update_time = excluded.update_time";
        string[] row = ["$key", "$value", "$binary", "$etag", "$expires", "$now"];
        _upsert = Prepare(connection, $"INSERT INTO {table} {Columns} ON CONFLICT (key) DO UPDATE SET {Assign}", row);
        _insert = Prepare(connection, $"INSERT INTO {table} {Columns} ON CONFLICT (key) DO UPDATE SET {Assign} WHERE expiration_time IS NOT NULL AND expiration_time <= $now", row);
        _replace = Prepare(
            connection,
            $"UPDATE {table} SET value = $value, is_binary = $binary, etag = $etag, expiration_time = $expires, update_time = $now " +
            "WHERE key = $key AND etag = $old AND (expiration_time IS NULL OR expiration_time > $now)",
            [.. row, "$old"]);
        _delete = Prepare(connection, $"DELETE FROM {table} WHERE key = $key", "$key");
        _deleteByETag = Prepare(connection, $"DELETE FROM {table} WHERE key = $key AND etag = $old AND (expiration_time IS NULL OR expiration_time > $now)", "$key", "$old", "$now");
        _cleanup = Prepare(connection, $"DELETE FROM {table} WHERE expiration_time IS NOT NULL AND expiration_time <= $now", "$now");
    }

    public StateOutcome Apply(StateWrite write, DateTimeOffset now)
    {
        var command = write switch
        {
            { Value: null, ETag: null } => _delete,
            { Value: null } => _deleteByETag,
            { ETag: not null } => _replace,
            { FirstWrite: true } => _insert,
            _ => _upsert,
        };
        Set(command, "$key", write.Key);
        if (command != _delete)
        {
            Set(command, "$now", Text(now));
        }

        if (write.ETag is { } etag)
        {
            Set(command, "$old", etag);
        }

        if (write.Value is { } value)
        {
            Set(command, "$value", write.Json ? Encoding.UTF8.GetString(value.Span) : Convert.ToBase64String(value.Span));
            Set(command, "$binary", !write.Json);
            Set(command, "$etag", Guid.NewGuid().ToString());
            Set(command, "$expires", write.TtlSeconds is > 0 and var ttl ? Text(now.AddSeconds(ttl)) : DBNull.Value);
        }

        // A delete without an ETag asks for a key that is not there, whether or not it was.
        return command.ExecuteNonQuery() > 0 || command == _delete ? StateOutcome.Done : StateOutcome.ETagMismatch;
    }

    public void RemoveExpired(DateTimeOffset now)
    {
        Set(_cleanup, "$now", Text(now));
        _cleanup.ExecuteNonQuery();
    }

    /// <summary>daprd writes and compares times in this form: SQLite's own.</summary>
    public static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }

    private static void Set(SqliteCommand command, string name, object value) => command.Parameters[name].Value = value;

    public void Dispose()
    {
        foreach (var command in new[] { _upsert, _insert, _replace, _delete, _deleteByETag, _cleanup })
        {
            command.Dispose();
        }
    }
}
