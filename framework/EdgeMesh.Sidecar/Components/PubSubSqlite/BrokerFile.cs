using System.Globalization;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>The broker's file and the lock that makes one process its owner. A crash leaves the lock's file and not the lock.</summary>
internal sealed class BrokerFile : IDisposable
{
    /// <summary>Raised with every change of the tables; a file of a later version is refused.</summary>
    private const int Version = 1;

    private const string Tables = """
        CREATE TABLE broker (id TEXT NOT NULL);
        CREATE TABLE groups (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, name TEXT NOT NULL, seen INTEGER NOT NULL, UNIQUE (topic, name));
        CREATE TABLE messages (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, data BLOB NOT NULL, published INTEGER NOT NULL, expires INTEGER);
        CREATE INDEX messages_by_expiry ON messages (expires) WHERE expires IS NOT NULL;
        CREATE TABLE deliveries (grp INTEGER NOT NULL, id INTEGER NOT NULL, due INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (grp, id)) WITHOUT ROWID;
        CREATE INDEX deliveries_by_due ON deliveries (grp, due, id);
        """;

    private readonly FileStream _lock;

    private BrokerFile(FileStream owner, SqliteConnection writer, SqliteConnection reader, string id) => (_lock, Writer, Reader, Id) = (owner, writer, reader, id);

    /// <summary>Belongs to the one who writes.</summary>
    public SqliteConnection Writer { get; }

    public SqliteConnection Reader { get; }

    /// <summary>Of this file and no other: message ids begin with it.</summary>
    public string Id { get; }

    /// <exception cref="InvalidOperationException">Another process owns the file, or a later version wrote it.</exception>
    public static BrokerFile Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var owner = FileOwner.Take(path);
        SqliteConnection? writer = null, reader = null;
        try
        {
            writer = SqliteFile.Open(path);
            Prepare(writer, path);
            reader = SqliteFile.Open(path, readOnly: true);
            using var id = writer.CreateCommand();
            id.CommandText = "SELECT id FROM broker";
            return new BrokerFile(owner, writer, reader, (string)id.ExecuteScalar()!);
        }
        catch
        {
            reader?.Dispose();
            writer?.Dispose();
            owner.Dispose();
            throw;
        }
    }

    private static void Prepare(SqliteConnection connection, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = (long)command.ExecuteScalar()!;
        if (version > Version)
        {
            throw new InvalidOperationException($"{path} was written by a later version ({version}; this one knows {Version}). Run that version, or give another file.");
        }

        if (version == 0)
        {
            SqliteFile.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"BEGIN IMMEDIATE; {Tables} INSERT INTO broker (id) VALUES ('{Guid.NewGuid():N}'); PRAGMA user_version = {Version}; COMMIT;"));
        }

        // Whatever waited for its turn has it now: pauses of another run, by another clock, say nothing.
        SqliteFile.Execute(connection, "UPDATE deliveries SET due = 0 WHERE due > 0");
    }

    /// <summary>The writer's connection is closed by the one who writes.</summary>
    public void Dispose()
    {
        Reader.Dispose();
        _lock.Dispose();
    }
}
