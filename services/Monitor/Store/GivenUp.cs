using System.Collections.Immutable;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Counts what was given up, by kind, in the store itself: written with what it counts, all or nothing. Used by the store's thread;
/// the counts are read by anybody.</summary>
internal sealed class GivenUp : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Statement _add;
    private volatile ImmutableDictionary<string, long> _counts = ImmutableDictionary<string, long>.Empty;

    public GivenUp(SqliteConnection connection)
    {
        _connection = connection;
        _add = new(connection, "INSERT INTO given_up VALUES ($what, $records) ON CONFLICT (what) DO UPDATE SET records = records + excluded.records", "$what", "$records");
        Reload();
    }

    public IReadOnlyDictionary<string, long> Counts => _counts;

    public void Add(string what, long records)
    {
        if (records > 0)
        {
            _add.Run(what, records);
            _counts = _counts.SetItem(what, _counts.GetValueOrDefault(what) + records);
        }
    }

    /// <summary>After a transaction that failed, the store says what was counted.</summary>
    public void Reload()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT what, records FROM given_up";
        using var reader = command.ExecuteReader();
        var counts = ImmutableDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        while (reader.Read())
        {
            counts[reader.GetString(0)] = reader.GetInt64(1);
        }

        _counts = counts.ToImmutable();
    }

    public void Dispose() => _add.Dispose();
}
