using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>The projection's SQLite file. Rebuildable: a file of another schema, another site key or a damaged one is thrown away.
/// Write-ahead log without a sync per commit: a power cut may lose the last stretches, position included, and they are followed again.</summary>
internal sealed class ProjectionFile
{
    /// <summary>Raise it when the tables or what the extractor takes change; every site then rebuilds at its next start.</summary>
    private const int Schema = 3;

    private readonly string _path;
    private readonly string _fingerprint;

    /// <param name="path">Where.</param>
    /// <param name="fingerprint">Of the keys the rows are made with.</param>
    public ProjectionFile(string path, string fingerprint)
    {
        (_path, _fingerprint) = (path, $"{Schema}.{fingerprint}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!IsOurs())
        {
            RebuildableFile.Delete(_path);
            Create();
        }
    }

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
            command.CommandText = "SELECT value FROM about WHERE name = 'fingerprint'";
            return command.ExecuteScalar() as string == _fingerprint;
        }
        catch (SqliteException error) when (RebuildableFile.IsDamaged(error))
        {
            return false;
        }
    }

    private void Create()
    {
        using var connection = OpenToWrite();
        using var command = connection.CreateCommand();
        command.CommandText = """
            PRAGMA journal_mode = WAL;
            CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
            CREATE TABLE doc (n INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, version TEXT NOT NULL, updated INTEGER NOT NULL,
                owner TEXT NOT NULL, held TEXT NOT NULL, state INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, facts BLOB NOT NULL, tokens BLOB NOT NULL);
            CREATE UNIQUE INDEX doc_key ON doc (type, id);
            CREATE INDEX doc_type ON doc (type);
            CREATE TABLE tok (token INTEGER NOT NULL, doc INTEGER NOT NULL, PRIMARY KEY (token, doc)) WITHOUT ROWID;
            INSERT INTO about VALUES ('fingerprint', $fingerprint), ('position', '0.0.0');
            """;
        command.Parameters.AddWithValue("$fingerprint", _fingerprint);
        command.ExecuteNonQuery();
    }

    private SqliteConnection Open(SqliteOpenMode mode, bool pooling)
    {
        var connection = new SqliteConnection(Text(mode, pooling));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY;";
        command.ExecuteNonQuery();
        return connection;
    }

    private string Text(SqliteOpenMode mode, bool pooling) =>
        new SqliteConnectionStringBuilder { DataSource = _path, Mode = mode, Pooling = pooling, DefaultTimeout = 10 }.ToString();
}
