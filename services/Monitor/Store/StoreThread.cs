using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>The one writer of the store's file. Work that waits while a commit is synced goes into the next one together: one sync serves
/// all of it. Each piece runs in a savepoint: a failed one leaves no trace in its neighbours' transaction. Nothing is answered before the
/// transaction is on disk. What waits is bounded in bytes.</summary>
internal sealed class StoreThread : IAsyncDisposable
{
    private const int MostWork = 4096;
    private const int WorkOfOneCommit = 128;

    private readonly SqliteConnection _connection;
    private readonly Action _afterCommit;
    private readonly Action _afterFailure;
    private readonly int _mostBytes;
    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(MostWork) { SingleReader = true });
    private readonly Thread _thread;
    private int _waiting;
    private volatile string? _fault;
    private bool _mustReload;

    /// <param name="connection">Its own from now on.</param>
    /// <param name="afterCommit">Run on the thread after each commit, with no transaction open.</param>
    /// <param name="afterFailure">Run on the thread after anything was undone, before the next piece of work.</param>
    /// <param name="mostBytes">Of work that waits.</param>
    public StoreThread(SqliteConnection connection, Action afterCommit, Action afterFailure, int mostBytes)
    {
        (_connection, _afterCommit, _afterFailure, _mostBytes) = (connection, afterCommit, afterFailure, mostBytes);
        // A thread of its own: SQLite's calls block, and must not take threads from the pool that serves requests.
        _thread = new Thread(Run) { IsBackground = true, Name = "monitor store" };
        _thread.Start();
    }

    /// <summary>Why the last commit failed; null: it did not.</summary>
    public string? Fault => _fault;

    /// <summary>Runs <paramref name="write"/> within the next transaction and then, on this thread, <paramref name="committed"/> once that is on disk, or
    /// <paramref name="failed"/>. Null: too much waits. The task fails with what SQLite said.</summary>
    public Task? TryRun(Action<SqliteConnection> write, Action? committed = null, int weight = 0, Action<Exception>? failed = null)
    {
        if (Interlocked.Add(ref _waiting, weight) > _mostBytes && weight > 0)
        {
            Interlocked.Add(ref _waiting, -weight);
            return null;
        }

        var work = new Work(write, committed, weight, failed);
        if (_queue.Writer.TryWrite(work))
        {
            return work.Done.Task;
        }

        Interlocked.Add(ref _waiting, -weight);
        return null;
    }

    /// <summary>Writes what waits, and takes no more.</summary>
    public async Task StopAsync()
    {
        _queue.Writer.TryComplete();
        await Task.Run(_thread.Join);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private void Run()
    {
        var batch = new List<Work>(WorkOfOneCommit);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < WorkOfOneCommit && _queue.Reader.TryRead(out var work))
            {
                batch.Add(work);
            }

            Commit(batch);
        }
    }

    private void Commit(List<Work> batch)
    {
        try
        {
            if (_mustReload)
            {
                // What is kept in memory is read again before anything is built on it; while the disk refuses that, it takes nothing.
                _afterFailure();
                _mustReload = false;
            }

            Execute("BEGIN IMMEDIATE");
            batch.ForEach(RunOne);
            Execute("COMMIT");
            _fault = null;
        }
        catch (SqliteException error)
        {
            _fault = error.Message;
            RollBack();
            batch.ForEach(work => work.Failure ??= error);
            _mustReload = true;
        }

        batch.ForEach(Complete);
        try
        {
            _afterCommit();
        }
        catch (SqliteException error)
        {
            // What was promised is on disk; what retention could not do now it does after the next commit.
            _fault = error.Message;
        }
    }

    private void RunOne(Work work)
    {
        Execute("SAVEPOINT one");
        try
        {
            work.Write(_connection);
        }
        catch (Exception error)
        {
            // The piece's own failure. If SQLite has given up the whole transaction, undoing fails, and all of it does.
            work.Failure = error;
            Execute("ROLLBACK TO one");
            _afterFailure();
        }

        Execute("RELEASE one");
    }

    private void Complete(Work work)
    {
        Interlocked.Add(ref _waiting, -work.Weight);
        if (work.Failure is { } failure)
        {
            work.Failed?.Invoke(failure);
            work.Done.TrySetException(failure);
            return;
        }

        work.Committed?.Invoke();
        work.Done.TrySetResult();
    }

    private void RollBack()
    {
        try
        {
            Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back already (disk full, I/O error): there is nothing to undo.
        }
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private sealed record Work(Action<SqliteConnection> Write, Action? Committed, int Weight, Action<Exception>? Failed)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Failure { get; set; }
    }
}
