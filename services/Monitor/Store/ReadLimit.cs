using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Ends a query that takes too long, or that nobody waits for any more: SQLite asks every so many steps whether to go on.</summary>
internal sealed class ReadLimit : IDisposable
{
    /// <summary>Of one query.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(10);

    private const int Interrupted = 9;
    private const int StepsBetween = 1000;
    private const int Stop = 1;

    private readonly SqliteConnection _connection;
    private readonly CancellationTokenSource _time;
    private readonly CancellationToken _cancellation;

    // Held here: SQLite has no more than a pointer to it.
    private readonly delegate_progress _ask;

    public ReadLimit(SqliteConnection connection, TimeProvider clock, CancellationToken cancellation)
    {
        (_connection, _cancellation, _time, _ask) = (connection, cancellation, new(Usual, clock), _ => IsOver ? Stop : 0);
        raw.sqlite3_progress_handler(connection.Handle, StepsBetween, _ask, null);
    }

    private bool IsOver => _time.IsCancellationRequested || _cancellation.IsCancellationRequested;

    /// <summary>Whether this is how a query ended.</summary>
    public bool Caused(SqliteException error) => error.SqliteErrorCode == Interrupted && IsOver;

    /// <summary>All rows of a query.</summary>
    /// <exception cref="TimeoutException">It takes too long.</exception>
    public List<T> Read<T>(SqliteCommand command, Func<SqliteDataReader, T> row, string what)
    {
        var rows = new List<T>();
        try
        {
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                rows.Add(row(reader));
            }
        }
        catch (SqliteException error) when (Caused(error))
        {
            throw Exception(what, error);
        }

        return rows;
    }

    /// <summary>What to throw when it is: that nobody waits, or that it took too long.</summary>
    private TimeoutException Exception(string what, SqliteException error)
    {
        _cancellation.ThrowIfCancellationRequested();
        return new($"{what} takes longer than {Usual.TotalSeconds:0} s: ask for less time, or for one site, service or level.", error);
    }

    public void Dispose()
    {
        // The connection goes back to the pool, for somebody else's query.
        raw.sqlite3_progress_handler(_connection.Handle, 0, null, null);
        _time.Dispose();
    }
}
