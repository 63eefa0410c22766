using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Ends a query that takes too long, or that nobody waits for any more: SQLite stops at its next step.</summary>
internal sealed class ReadLimit : IDisposable
{
    private const int Interrupted = 9;

    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _either;
    private readonly CancellationTokenRegistration _stop;

    public ReadLimit(SqliteConnection connection, TimeSpan limit, TimeProvider clock, CancellationToken cancellation)
    {
        _time = new(limit, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_time.Token, cancellation);
        _stop = _either.Token.Register(() => raw.sqlite3_interrupt(connection.Handle));
    }

    /// <summary>Whether this is how a query ended.</summary>
    public bool Caused(SqliteException error) => error.SqliteErrorCode == Interrupted && _either.IsCancellationRequested;

    public void Dispose()
    {
        // Waits for a call that is under way: the connection goes back to the pool, and must not be interrupted for somebody else.
        _stop.Dispose();
        _either.Dispose();
        _time.Dispose();
    }
}
