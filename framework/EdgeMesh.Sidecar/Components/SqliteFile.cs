using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>How this engine opens SQLite files: write-ahead log, every commit synced, a bounded wait for locks.</summary>
internal static class SqliteFile
{
    /// <summary>Reads daprd's connection string: a path, or <c>file:path?_pragma=…</c>. In memory is refused: it would lose what it acknowledged.</summary>
    public static string Path(string connectionString, string workingDirectory)
    {
        var text = connectionString.StartsWith("file:", StringComparison.Ordinal) ? connectionString["file:".Length..] : connectionString;
        var question = text.IndexOf('?', StringComparison.Ordinal);
        text = question < 0 ? text : text[..question];
        if (text is "" or ":memory:")
        {
            throw new ArgumentException("An in-memory database would lose what it acknowledged. Give a file, or use state.in-memory.");
        }

        return System.IO.Path.GetFullPath(text, workingDirectory);
    }

    public static SqliteConnection Open(string path, bool readOnly = false)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            Execute(connection, readOnly ? "PRAGMA busy_timeout=5000;" : "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
