using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.LockSqlite;

/// <summary>Locks in one SQLite file, for every process of the machine that opens it: one statement takes a lock that is free or has
/// expired. A lock that was given is on disk, so a process that crashes and comes back finds it held until it expires.</summary>
internal sealed class SqliteLockStore : ILockStore, IAsyncDisposable
{
    public static readonly string[] Fields = ["connectionString"];

    private static readonly TimeSpan CleanupInterval = TimeSpan.FromHours(1);

    private readonly TimeProvider _clock;
    private readonly GroupWriter _writer;
    private readonly ITimer _cleanup;

    private SqliteLockStore(SqliteConnection connection, string name, TimeProvider clock)
    {
        (_clock, _writer) = (clock, new GroupWriter(connection, name));
        _cleanup = clock.CreateTimer(_ => _ = RemoveExpiredAsync(), null, CleanupInterval, CleanupInterval);
    }

    /// <exception cref="ArgumentException">A field is missing or no such value.</exception>
    public static SqliteLockStore Open(ComponentSpec spec, ComponentContext context)
    {
        var path = SqliteFile.Path(spec["connectionString"] ?? throw new ArgumentException("'connectionString' is missing. Give the file of the locks, such as locks.db."), context.WorkingDirectory);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var connection = SqliteFile.Open(path);
        try
        {
            SqliteFile.Execute(connection, "CREATE TABLE IF NOT EXISTS locks (resource TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, expires INTEGER NOT NULL)");
            return new SqliteLockStore(connection, $"locks {Path.GetFileName(path)}", context.Clock);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public async Task<bool> TryLockAsync(string resource, string owner, TimeSpan expiry, CancellationToken cancellation)
    {
        var taken = false;
        await _writer.WriteAsync(
            connection =>
            {
                var now = _clock.GetUtcNow();
                taken = Execute(
                    connection,
                    "INSERT INTO locks (resource, owner, expires) VALUES ($resource, $owner, $expires) " +
                    "ON CONFLICT (resource) DO UPDATE SET owner = excluded.owner, expires = excluded.expires WHERE expires <= $now",
                    ("$resource", resource), ("$owner", owner), ("$expires", (now + expiry).ToUnixTimeMilliseconds()), ("$now", now.ToUnixTimeMilliseconds())) > 0;
                return true;
            },
            cancellation);
        return taken;
    }

    public async Task<UnlockOutcome> UnlockAsync(string resource, string owner, CancellationToken cancellation)
    {
        var outcome = UnlockOutcome.NotLocked;
        await _writer.WriteAsync(
            connection =>
            {
                outcome = Release(connection, resource, owner, _clock.GetUtcNow().ToUnixTimeMilliseconds());
                return true;
            },
            cancellation);
        return outcome;
    }

    private static UnlockOutcome Release(SqliteConnection connection, string resource, string owner, long now)
    {
        if (Execute(connection, "DELETE FROM locks WHERE resource = $resource AND owner = $owner AND expires > $now", ("$resource", resource), ("$owner", owner), ("$now", now)) > 0)
        {
            return UnlockOutcome.Done;
        }

        using var held = Command(connection, "SELECT 1 FROM locks WHERE resource = $resource AND expires > $now", ("$resource", resource), ("$now", now));
        return held.ExecuteScalar() is null ? UnlockOutcome.NotLocked : UnlockOutcome.HeldByAnother;
    }

    private async Task RemoveExpiredAsync()
    {
        try
        {
            await _writer.WriteAsync(connection => Execute(connection, "DELETE FROM locks WHERE expires <= $now", ("$now", _clock.GetUtcNow().ToUnixTimeMilliseconds())) >= 0, CancellationToken.None);
        }
        catch (Exception error) when (error is SqliteException or System.Threading.Channels.ChannelClosedException)
        {
            // An expired lock is free all the same; the next round deletes it.
        }
    }

    private static int Execute(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }

    public async ValueTask DisposeAsync()
    {
        await _cleanup.DisposeAsync();
        await _writer.DisposeAsync();
    }
}

/// <summary>What became of an unlock.</summary>
internal enum UnlockOutcome
{
    Done,
    NotLocked,
    HeldByAnother,
}
