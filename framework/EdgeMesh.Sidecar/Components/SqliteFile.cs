using System.Globalization;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>How this engine opens SQLite files: write-ahead log, every commit synced, a bounded wait for locks.</summary>
internal static class SqliteFile
{
    public static readonly TimeSpan DefaultBusyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Parameters of daprd's connection strings that ask for what this engine does anyway.</summary>
    private static readonly string[] Harmless = ["_txlock=", "_pragma=busy_timeout(", "_pragma=journal_mode(", "_pragma=synchronous("];

    /// <summary>Reads daprd's connection string: a path, or <c>file:path?_pragma=…</c>. In memory is refused: it would lose what it acknowledged.</summary>
    public static string Path(string connectionString, string workingDirectory)
    {
        var text = connectionString.StartsWith("file:", StringComparison.Ordinal) ? connectionString["file:".Length..] : connectionString;
        var question = text.IndexOf('?', StringComparison.Ordinal);
        var parameters = question < 0 ? [] : text[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries);
        text = question < 0 ? text : text[..question];
        if (text is "" or ":memory:" || parameters.Contains("mode=memory"))
        {
            throw new ArgumentException("An in-memory database would lose what it acknowledged. Give a file, or use state.in-memory.");
        }

        var unknown = parameters.FirstOrDefault(p => !Harmless.Any(h => p.StartsWith(h, StringComparison.Ordinal)));
        return unknown is null
            ? System.IO.Path.GetFullPath(text, workingDirectory)
            : throw new ArgumentException($"'{unknown}' in the connection string is not known to the embedded engine. Take it out.");
    }

    public static SqliteConnection Open(string path, bool readOnly = false) => Open(path, readOnly, DefaultBusyTimeout, writeAheadLog: true);

    public static SqliteConnection Open(string path, bool readOnly, TimeSpan busyTimeout, bool writeAheadLog)
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
            var wait = string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout={(long)busyTimeout.TotalMilliseconds};");
            Execute(connection, readOnly ? wait : $"{wait} PRAGMA journal_mode={(writeAheadLog ? "WAL" : "DELETE")}; PRAGMA synchronous=FULL;");
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
