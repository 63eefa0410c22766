using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.StateSqlite;

/// <summary>A read-only connection with its one prepared statement. One reader at a time uses it.</summary>
internal sealed class StateReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _get;
    private readonly SqliteParameter _key;
    private readonly SqliteParameter _now;

    public StateReader(SqliteConnection connection, string table)
    {
        _connection = connection;
        _get = connection.CreateCommand();
        _get.CommandText = $"SELECT value, is_binary, etag, expiration_time FROM {table} WHERE key = $key AND (expiration_time IS NULL OR expiration_time > $now)";
        _key = _get.Parameters.Add("$key", SqliteType.Text);
        _now = _get.Parameters.Add("$now", SqliteType.Text);
    }

    public StateItem? Get(string key, DateTimeOffset now)
    {
        (_key.Value, _now.Value) = (key, StateWriter.Text(now));
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
                : DateTimeOffset.ParseExact(row.GetString(3), StateWriter.TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        };
    }

    public void Dispose()
    {
        _get.Dispose();
        _connection.Dispose();
    }
}
