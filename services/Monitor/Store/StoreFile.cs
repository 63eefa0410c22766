using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>The store's SQLite file: write-ahead log, each commit synced. A file of another schema, or one that SQLite can't read, is put
/// aside under one name, so that at most one such is kept, and a new one is begun.</summary>
internal sealed class StoreFile
{
    private const int SqliteNoTable = 1;
    private const int SqliteCorrupt = 11;
    private const int SqliteNotADatabase = 26;

    /// <summary>Raise it when the tables change, and say in <see cref="Upgrade"/> how the one before becomes it.</summary>
    private const string Schema = "3";
    private const string SchemaBefore = "2";

    /// <summary>What was seen of a source before is not known: it counts from now.</summary>
    private const string Upgrade = """
        BEGIN IMMEDIATE;
        ALTER TABLE source ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
        UPDATE source SET seen = $slot;
        UPDATE about SET value = $schema WHERE name = 'schema';
        COMMIT;
        """;

    private const string Tables = """
        PRAGMA page_size = 8192;
        PRAGMA auto_vacuum = INCREMENTAL;
        PRAGMA journal_mode = WAL;
        CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE source (n INTEGER PRIMARY KEY, site TEXT NOT NULL, service TEXT NOT NULL, seen INTEGER NOT NULL, UNIQUE (site, service));
        CREATE TABLE log (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, level INTEGER NOT NULL, time INTEGER NOT NULL, message TEXT NOT NULL, fields TEXT NOT NULL, trace BLOB, span BLOB);
        CREATE INDEX log_severe ON log (id, level) WHERE level >= 3;
        CREATE INDEX log_trace ON log (trace) WHERE trace IS NOT NULL;
        CREATE TABLE span (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, trace BLOB NOT NULL, span BLOB NOT NULL, parent BLOB, kind INTEGER NOT NULL, error INTEGER NOT NULL,
            start INTEGER NOT NULL, duration INTEGER NOT NULL, name TEXT NOT NULL, attributes TEXT NOT NULL, links TEXT NOT NULL);
        CREATE UNIQUE INDEX span_trace ON span (trace, span);
        CREATE TABLE trace (trace BLOB PRIMARY KEY, start INTEGER NOT NULL, finish INTEGER NOT NULL, spans INTEGER NOT NULL, errors INTEGER NOT NULL, rooted INTEGER NOT NULL,
            source INTEGER NOT NULL, name TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX trace_start ON trace (start);
        CREATE TABLE series (n INTEGER PRIMARY KEY, source INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, labels TEXT NOT NULL, unit TEXT NOT NULL, seen INTEGER NOT NULL,
            UNIQUE (source, name, kind, labels));
        CREATE TABLE point (slot INTEGER NOT NULL, series INTEGER NOT NULL, time INTEGER NOT NULL, value REAL NOT NULL, trace BLOB, PRIMARY KEY (slot, series, time)) WITHOUT ROWID;
        CREATE TABLE given_up (what TEXT PRIMARY KEY, records INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE outgoing (class INTEGER NOT NULL, n INTEGER NOT NULL, kind INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (class, n)) WITHOUT ROWID;
        CREATE TABLE parcel (sequence INTEGER PRIMARY KEY, records INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE sent (day INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
        CREATE TABLE peer (site TEXT NOT NULL, epoch TEXT NOT NULL, sequence INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (site, epoch)) WITHOUT ROWID;
        INSERT INTO about VALUES ('schema', $schema), ('epoch', $epoch);
        """;

    private readonly string _path;
    private readonly TimeProvider _clock;

    public StoreFile(string path, TimeProvider clock)
    {
        (_path, _clock) = (path, clock);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!IsOurs())
        {
            PutAside();
            Create();
        }
    }

    /// <summary>Names one life of the store: what it sends is counted within it.</summary>
    public static string NewEpoch() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public SqliteConnection OpenToWrite() => Open(SqliteOpenMode.ReadWriteCreate, pooling: false);

    public SqliteConnection OpenToRead() => Open(SqliteOpenMode.ReadOnly, pooling: true);

    /// <summary>Closes what the pool holds.</summary>
    public void Release()
    {
        using var connection = new SqliteConnection(Text(SqliteOpenMode.ReadOnly, pooling: true));
        SqliteConnection.ClearPool(connection);
    }

    private bool IsOurs()
    {
        if (!File.Exists(_path))
        {
            return false;
        }

        try
        {
            using var connection = OpenToWrite();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT value FROM about WHERE name = 'schema'";
            var schema = command.ExecuteScalar() as string;
            return schema == Schema || (schema == SchemaBefore && Run(connection, Upgrade));
        }
        catch (SqliteException error) when (error.SqliteErrorCode is SqliteNoTable or SqliteCorrupt or SqliteNotADatabase)
        {
            // A disk that refuses now is no reason to begin anew: what waits for the core is in this file.
            return false;
        }
    }

    private void PutAside()
    {
        foreach (var suffix in (string[])["", "-wal", "-shm"])
        {
            if (File.Exists(_path + suffix))
            {
                File.Move(_path + suffix, $"{_path}.aside{suffix}", overwrite: true);
            }
        }
    }

    private void Create()
    {
        using var connection = OpenToWrite();
        Run(connection, Tables);
    }

    private bool Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$schema", Schema);
        command.Parameters.AddWithValue("$epoch", NewEpoch());
        command.Parameters.AddWithValue("$slot", _clock.GetUtcNow().UtcTicks / BatchWriter.SlotTicks);
        command.ExecuteNonQuery();
        return true;
    }

    private SqliteConnection Open(SqliteOpenMode mode, bool pooling)
    {
        var connection = new SqliteConnection(Text(mode, pooling));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -4000; PRAGMA temp_store = MEMORY;";
        command.ExecuteNonQuery();
        return connection;
    }

    private string Text(SqliteOpenMode mode, bool pooling) =>
        new SqliteConnectionStringBuilder { DataSource = _path, Mode = mode, Pooling = pooling, DefaultTimeout = 10 }.ToString();
}
