using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.StateSqlite;

/// <summary>State in daprd's own SQLite table, prefix and value encoding: what one engine wrote the other reads, replaces by ETag and
/// deletes. Writes go through one group-committing writer; reads use connections of their own.</summary>
internal sealed class SqliteStateStore : IStateStore
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss";
    private static readonly TimeSpan CleanupInterval = TimeSpan.FromHours(1);

    private readonly string _path;
    private readonly string _table;
    private readonly TimeProvider _clock;
    private readonly GroupWriter _writer;
    private readonly ConcurrentBag<ReadConnection> _readers = [];
    private readonly ITimer _cleanup;

    private SqliteStateStore(string path, string table, SqliteConnection connection, TimeProvider clock)
    {
        (_path, _table, _clock) = (path, table, clock);
        _writer = new GroupWriter(connection, $"sqlite {Path.GetFileName(path)}");
        _cleanup = clock.CreateTimer(_ => Cleanup(), null, CleanupInterval, CleanupInterval);
    }

    public static SqliteStateStore Open(ComponentSpec spec, ComponentContext context)
    {
        var path = SqliteFile.Path(spec["connectionString"] ?? throw new ArgumentException("'connectionString' is missing."), context.WorkingDirectory);
        string table = Name(spec["tableName"] ?? "state"), metadata = Name(spec["metadataTableName"] ?? "metadata");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var connection = SqliteFile.Open(path);
        SqliteFile.Execute(connection, $"""
            CREATE TABLE IF NOT EXISTS {metadata} (key text NOT NULL PRIMARY KEY, value text NOT NULL);
            CREATE TABLE IF NOT EXISTS {table} (
              key TEXT NOT NULL PRIMARY KEY,
              value TEXT NOT NULL,
              is_binary BOOLEAN NOT NULL,
              etag TEXT NOT NULL,
              expiration_time TIMESTAMP DEFAULT NULL,
              update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
            );
            INSERT OR IGNORE INTO {metadata} (key, value) VALUES ('migrations', '1');
            """);
        return new SqliteStateStore(path, table, connection, context.Clock);
    }

    public Task<StateItem?> GetAsync(string key, CancellationToken cancellation)
    {
        var reader = _readers.TryTake(out var idle) ? idle : new ReadConnection(SqliteFile.Open(_path, readOnly: true), _table);
        try
        {
            return Task.FromResult(reader.Get(key, Now()));
        }
        finally
        {
            _readers.Add(reader);
        }
    }

    public Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation) => TransactAsync([write], cancellation);

    public async Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        var outcome = StateOutcome.Done;
        await _writer.WriteAsync(connection =>
        {
            foreach (var write in writes)
            {
                outcome = Apply(connection, write);
                if (outcome != StateOutcome.Done)
                {
                    return false;
                }
            }

            return true;
        }, cancellation);
        return outcome;
    }

    private StateOutcome Apply(SqliteConnection connection, StateWrite write)
    {
        using var command = connection.CreateCommand();
        command.Parameters.AddWithValue("$key", write.Key);
        if (write.Value is not { } value)
        {
            command.CommandText = write.ETag is null
                ? $"DELETE FROM {_table} WHERE key = $key"
                : $"DELETE FROM {_table} WHERE key = $key AND etag = $old";
            command.Parameters.AddWithValue("$old", write.ETag ?? "");
            return command.ExecuteNonQuery() > 0 || write.ETag is null ? StateOutcome.Done : StateOutcome.ETagMismatch;
        }

        command.Parameters.AddWithValue("$value", write.Json ? Encoding.UTF8.GetString(value.Span) : Convert.ToBase64String(value.Span));
        command.Parameters.AddWithValue("$binary", !write.Json);
        command.Parameters.AddWithValue("$etag", Guid.NewGuid().ToString());
        command.Parameters.AddWithValue("$now", Now());
        command.Parameters.AddWithValue("$expires", write.TtlSeconds is > 0 and var ttl
            ? _clock.GetUtcNow().AddSeconds(ttl).ToString(TimeFormat, CultureInfo.InvariantCulture)
            : DBNull.Value);
        command.Parameters.AddWithValue("$old", write.ETag ?? "");
        command.CommandText = Statement(write);
        return command.ExecuteNonQuery() > 0 ? StateOutcome.Done : StateOutcome.ETagMismatch;
    }

    private string Statement(StateWrite write)
    {
        const string Columns = "(key, value, is_binary, etag, expiration_time, update_time) VALUES ($key, $value, $binary, $etag, $expires, $now)";
        const string Assign = "value = excluded.value, is_binary = excluded.is_binary, etag = excluded.etag, expiration_time = excluded.expiration_time, update_time = excluded.update_time";
        return write switch
        {
            { ETag: not null } =>
                $"UPDATE {_table} SET value = $value, is_binary = $binary, etag = $etag, expiration_time = $expires, update_time = $now " +
                "WHERE key = $key AND etag = $old AND (expiration_time IS NULL OR expiration_time > $now)",
            { FirstWrite: true } =>
                $"INSERT INTO {_table} {Columns} ON CONFLICT (key) DO UPDATE SET {Assign} WHERE expiration_time IS NOT NULL AND expiration_time <= $now",
            _ => $"INSERT INTO {_table} {Columns} ON CONFLICT (key) DO UPDATE SET {Assign}",
        };
    }

    private void Cleanup() => _ = _writer.WriteAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"DELETE FROM {_table} WHERE expiration_time IS NOT NULL AND expiration_time <= $now";
            command.Parameters.AddWithValue("$now", Now());
            command.ExecuteNonQuery();
            return true;
        },
        CancellationToken.None);

    private string Now() => _clock.GetUtcNow().ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <summary>Table names go into statements as they are.</summary>
    private static string Name(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : throw new ArgumentException($"'{name}' is no table name: letters, digits and underscores only.");

    public async ValueTask DisposeAsync()
    {
        await _cleanup.DisposeAsync();
        await _writer.DisposeAsync();
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }
    }

    /// <summary>A connection with its one prepared statement.</summary>
    private sealed class ReadConnection : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _get;

        public ReadConnection(SqliteConnection connection, string table)
        {
            _connection = connection;
            _get = connection.CreateCommand();
            _get.CommandText = $"SELECT value, is_binary, etag, expiration_time FROM {table} WHERE key = $key AND (expiration_time IS NULL OR expiration_time > $now)";
            _get.Parameters.Add("$key", SqliteType.Text);
            _get.Parameters.Add("$now", SqliteType.Text);
        }

        public StateItem? Get(string key, string now)
        {
            _get.Parameters["$key"].Value = key;
            _get.Parameters["$now"].Value = now;
            using var row = _get.ExecuteReader();
            if (!row.Read())
            {
                return null;
            }

            var text = row.GetString(0);
            return new StateItem(row.GetBoolean(1) ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text), row.GetString(2))
            {
                ExpiresAt = row.IsDBNull(3)
                    ? null
                    : DateTimeOffset.ParseExact(row.GetString(3), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
            };
        }

        public void Dispose()
        {
            _get.Dispose();
            _connection.Dispose();
        }
    }
}
