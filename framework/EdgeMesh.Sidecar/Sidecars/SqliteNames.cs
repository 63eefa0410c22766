using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>daprd's name resolution by SQLite: sidecars of a machine write into one table where they are, and look there for others. The
/// tables are daprd's own, so both engines share a file. A row that is no longer renewed counts for nobody.</summary>
internal sealed class SqliteNames : IDisposable
{
    /// <summary>A lookup or a renewal that waits longer for the file fails.</summary>
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(2);

    /// <summary>Rows may be renewed this much late: another process may have a longer interval, or be busy.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly NameResolutionSetting _setting;
    private readonly TimeProvider _clock;

    /// <summary>Guards the connection.</summary>
    private readonly Lock _lock = new();
    private readonly SqliteConnection _connection;

    private SqliteNames(NameResolutionSetting setting, TimeProvider clock, SqliteConnection connection) => (_setting, _clock, _connection) = (setting, clock, connection);

    /// <exception cref="SqliteException">The file can't be opened.</exception>
    /// <exception cref="ArgumentException">The connection string can't be used.</exception>
    public static SqliteNames Open(NameResolutionSetting setting, string workingDirectory, TimeProvider clock)
    {
        foreach (var table in new[] { setting.TableName, setting.MetadataTableName })
        {
            if (table.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_'))
            {
                throw new ArgumentException($"'{table}' is no name for a table: letters, digits and underscores.");
            }
        }

        var connection = SqliteFile.Open(SqliteFile.Path(setting.ConnectionString, workingDirectory), readOnly: false, Busy, writeAheadLog: true);
        var names = new SqliteNames(setting, clock, connection);
        names.CreateTables();
        return names;
    }

    private void CreateTables() => SqliteFile.Execute(_connection, $"""
        CREATE TABLE IF NOT EXISTS {_setting.MetadataTableName} (key text NOT NULL PRIMARY KEY, value text NOT NULL);
        CREATE TABLE IF NOT EXISTS {_setting.TableName} (registration_id TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL, app_id TEXT NOT NULL, namespace TEXT NOT NULL, last_update INTEGER NOT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS {_setting.TableName}_address_idx ON {_setting.TableName} (address);
        CREATE INDEX IF NOT EXISTS {_setting.TableName}_last_update_idx ON {_setting.TableName} (last_update);
        INSERT INTO {_setting.MetadataTableName} (key, value) VALUES ('nr-migrations', '1') ON CONFLICT (key) DO NOTHING;
        """);

    /// <summary>Says where an app's sidecar is, or says it again. A row of another one at that address is of the past.</summary>
    public void Register(string registration, string address, string appId) => Run(
        $"""
        INSERT INTO {_setting.TableName} (registration_id, address, app_id, namespace, last_update) VALUES ($registration, $address, $app, '', $now)
        ON CONFLICT (address) DO UPDATE SET registration_id = $registration, app_id = $app, namespace = '', last_update = $now
        """,
        command =>
        {
            command.Parameters.AddWithValue("$registration", registration);
            command.Parameters.AddWithValue("$address", address);
            command.Parameters.AddWithValue("$app", appId);
            command.Parameters.AddWithValue("$now", Now);
            return command.ExecuteNonQuery();
        });

    public void Withdraw(string registration) => Run($"DELETE FROM {_setting.TableName} WHERE registration_id = $registration", command =>
    {
        command.Parameters.AddWithValue("$registration", registration);
        return command.ExecuteNonQuery();
    });

    /// <returns>Host and port of a sidecar of the app, one of them at random; null: there is none.</returns>
    public string? Find(string appId) => Run(
        $"SELECT address FROM {_setting.TableName} WHERE app_id = $app AND namespace = '' AND last_update >= $oldest ORDER BY RANDOM() LIMIT 1",
        command =>
        {
            command.Parameters.AddWithValue("$app", appId);
            command.Parameters.AddWithValue("$oldest", Now - (long)(_setting.UpdateInterval + Grace).TotalSeconds);
            return (string?)command.ExecuteScalar();
        });

    public void Dispose() => _connection.Dispose();

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    private T Run<T>(string sql, Func<SqliteCommand, T> run)
    {
        lock (_lock)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = sql;
            return run(command);
        }
    }
}
