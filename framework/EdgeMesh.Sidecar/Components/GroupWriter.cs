using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>The one writer of a SQLite file. Work that waits while a commit is synced goes into the next one together: one sync serves
/// all of it. Each piece runs in a savepoint, so a refused one leaves no trace in its neighbours' transaction. Nothing is answered before
/// the transaction is on disk.</summary>
internal sealed class GroupWriter : IAsyncDisposable
{
    private const int QueueLimit = 4096;
    private const int BatchLimit = 256;

    private readonly SqliteConnection _connection;
    private readonly Channel<Work> _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(QueueLimit) { SingleReader = true });
    private readonly Thread _thread;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand _savepoint;
    private readonly SqliteCommand _undo;
    private readonly SqliteCommand _release;

    public GroupWriter(SqliteConnection connection, string name)
    {
        _connection = connection;
        (_begin, _commit, _rollback) = (Prepared("BEGIN IMMEDIATE"), Prepared("COMMIT"), Prepared("ROLLBACK"));
        (_savepoint, _undo, _release) = (Prepared("SAVEPOINT one"), Prepared("ROLLBACK TO one"), Prepared("RELEASE one"));
        // A thread of its own: SQLite's calls block, and must not take threads from the pool that serves requests.
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Runs <paramref name="write"/> on the writer's connection. It returns false to undo what it did.</summary>
    public async Task WriteAsync(Func<SqliteConnection, bool> write, CancellationToken cancellation)
    {
        var work = new Work(write);
        await _queue.Writer.WriteAsync(work, cancellation);
        await work.Done.Task;
    }

    private void Run()
    {
        var batch = new List<Work>(BatchLimit);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < BatchLimit && _queue.Reader.TryRead(out var work))
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
            _begin.ExecuteNonQuery();
            foreach (var work in batch)
            {
                RunOne(work);
            }

            _commit.ExecuteNonQuery();
        }
        catch (SqliteException error)
        {
            Rollback();
            foreach (var work in batch)
            {
                work.Failure ??= error;
            }
        }

        foreach (var work in batch)
        {
            work.Complete();
        }
    }

    private void RunOne(Work work)
    {
        _savepoint.ExecuteNonQuery();
        try
        {
            if (!work.Write(_connection))
            {
                _undo.ExecuteNonQuery();
            }
        }
        catch (Exception error)
        {
            // The piece's own failure; its neighbours stand. If SQLite has given up the whole transaction, undoing fails, and all of it does.
            work.Failure = error;
            _undo.ExecuteNonQuery();
        }

        _release.ExecuteNonQuery();
    }

    private void Rollback()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // SQLite has rolled back already (disk full, I/O error): there is nothing to undo.
        }
    }

    private SqliteCommand Prepared(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    public ValueTask DisposeAsync() => DisposeAsync(null);

    /// <summary>Writes what waits, then disposes the owner's statements and closes the connection.</summary>
    public async ValueTask DisposeAsync(IDisposable? statements)
    {
        _queue.Writer.TryComplete();
        await Task.Run(_thread.Join);
        statements?.Dispose();
        foreach (var command in new[] { _begin, _commit, _rollback, _savepoint, _undo, _release })
        {
            await command.DisposeAsync();
        }

        await _connection.DisposeAsync();
    }

    private sealed class Work(Func<SqliteConnection, bool> write)
    {
        public Func<SqliteConnection, bool> Write { get; } = write;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Exception? Failure { get; set; }

        public void Complete()
        {
            if (Failure is { } failure)
            {
                Done.TrySetException(failure);
            }
            else
            {
                Done.TrySetResult();
            }
        }
    }
}
