using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.StateSqlite;

/// <summary>State in daprd's own SQLite table, prefix and value encoding: what one engine wrote the other reads, replaces by ETag and
/// deletes. Writes go through one group-committing writer and are on disk before they are answered; reads use connections of their own.</summary>
internal sealed class SqliteStateStore : IStateStore
{
    private readonly SqliteStateSettings _settings;
    private readonly TimeProvider _clock;
    private readonly StateWriter _statements;
    private readonly GroupWriter _writer;
    private readonly ConcurrentBag<StateReader> _readers = [];
    private readonly ITimer? _cleanup;

    private SqliteStateStore(SqliteStateSettings settings, SqliteConnection connection, TimeProvider clock)
    {
        (_settings, _clock) = (settings, clock);
        _statements = new StateWriter(connection, settings.Table);
        _writer = new GroupWriter(connection, $"sqlite {Path.GetFileName(settings.Path)}");
        _cleanup = settings.CleanupInterval is { } interval ? clock.CreateTimer(_ => _ = RemoveExpiredAsync(), null, interval, interval) : null;
    }

    public static SqliteStateStore Open(ComponentSpec spec, ComponentContext context)
    {
        var settings = SqliteStateSettings.Read(spec, context.WorkingDirectory);
        Directory.CreateDirectory(Path.GetDirectoryName(settings.Path)!);
        var connection = SqliteFile.Open(settings.Path, readOnly: false, settings.BusyTimeout, settings.WriteAheadLog);
        try
        {
            CreateTables(connection, settings);
            return new SqliteStateStore(settings, connection, context.Clock);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>As daprd's first migration leaves them, so that either engine may come first.</summary>
    private static void CreateTables(SqliteConnection connection, SqliteStateSettings settings) =>
        SqliteFile.Execute(connection, $"""
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS {settings.MetadataTable} (key text NOT NULL PRIMARY KEY, value text NOT NULL);
            CREATE TABLE IF NOT EXISTS {settings.Table} (
              key TEXT NOT NULL PRIMARY KEY,
              value TEXT NOT NULL,
              is_binary BOOLEAN NOT NULL,
              etag TEXT NOT NULL,
              expiration_time TIMESTAMP DEFAULT NULL,
              update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
            );
            INSERT OR IGNORE INTO {settings.MetadataTable} (key, value) VALUES ('migrations', '1');
            COMMIT;
            """);

    public Task<StateItem?> GetAsync(string key, CancellationToken cancellation)
    {
        var reader = _readers.TryTake(out var idle)
            ? idle
            : new StateReader(SqliteFile.Open(_settings.Path, readOnly: true, _settings.BusyTimeout, _settings.WriteAheadLog), _settings.Table);
        try
        {
            return Task.FromResult(reader.Get(key, _clock.GetUtcNow()));
        }
        finally
        {
            _readers.Add(reader);
        }
    }

    public async Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation)
    {
        var outcome = StateOutcome.Done;
        await _writer.WriteAsync(_ => (outcome = _statements.Apply(write, _clock.GetUtcNow())) == StateOutcome.Done, cancellation);
        return outcome;
    }

    public async Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        var outcome = StateOutcome.Done;
        await _writer.WriteAsync(_ => (outcome = ApplyAll(writes)) == StateOutcome.Done, cancellation);
        return outcome;
    }

    private StateOutcome ApplyAll(IReadOnlyList<StateWrite> writes)
    {
        var now = _clock.GetUtcNow();
        foreach (var write in writes)
        {
            if (_statements.Apply(write, now) is var outcome and not StateOutcome.Done)
            {
                return outcome;
            }
        }

        return StateOutcome.Done;
    }

    private async Task RemoveExpiredAsync()
    {
        try
        {
            await _writer.WriteAsync(
                _ =>
                {
                    _statements.RemoveExpired(_clock.GetUtcNow());
                    return true;
                },
                CancellationToken.None);
        }
        catch (Exception error) when (error is SqliteException or System.Threading.Channels.ChannelClosedException)
        {
            // Expired rows are never read; the next round deletes them.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cleanup is not null)
        {
            await _cleanup.DisposeAsync();
        }

        await _writer.DisposeAsync(_statements);
        while (_readers.TryTake(out var reader))
        {
            reader.Dispose();
        }
    }
}
