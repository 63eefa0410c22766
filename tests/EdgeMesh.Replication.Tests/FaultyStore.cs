namespace EdgeMesh.Replication.Tests;

/// <summary>How a write of the store goes wrong.</summary>
public enum Fault
{
    /// <summary>It fails, and nothing is written.</summary>
    Failed,

    /// <summary>It fails, and was written all the same.</summary>
    FailedButPersisted,

    /// <summary>The process dies after it: nothing is answered any more.</summary>
    DeathAfter,

    /// <summary>The process dies before it.</summary>
    DeathBefore,
}

/// <summary>A store whose writes go wrong where a test says.</summary>
internal sealed class FaultyStore(IJournalStore inner) : IJournalStore
{
    private int _writes;

    /// <summary>Decides by the number of the write (from 1) how it goes wrong.</summary>
    public Func<int, Fault?> Plan { get; set; } = _ => null;

    /// <summary>Decides how the next commit goes wrong: the transaction of the head, and no other. Rows are derived behind the commits, so the
    /// number of a commit's write is known only before the first one.</summary>
    public Func<Fault?> PlanCommit { get; set; } = () => null;

    /// <summary>How often reads fail; counts down.</summary>
    public int FailingReads { get; set; }

    /// <summary>Awaited before each transaction.</summary>
    public Func<Task> BeforeTransaction { get; set; } = () => Task.CompletedTask;

    public bool IsDead { get; private set; }

    public ValueTask<StoredRow?> GetRowAsync(string key, CancellationToken cancellation) => ReadAsync(() => inner.GetRowAsync(key, cancellation));

    public ValueTask<IReadOnlyList<StoredRow?>> GetRowsAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        ReadAsync(() => inner.GetRowsAsync(keys, cancellation));

    public ValueTask<ReadOnlyMemory<byte>?> GetBodyAsync(string key, CancellationToken cancellation) => ReadAsync(() => inner.GetBodyAsync(key, cancellation));

    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>?>> GetBodiesAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        ReadAsync(() => inner.GetBodiesAsync(keys, cancellation));

    public async ValueTask<bool> TransactAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellation)
    {
        await BeforeTransaction();
        var isCommit = writes.Any(w => w.Key.EndsWith("/head", StringComparison.Ordinal));
        return await WriteAsync(() => inner.TransactAsync(writes, cancellation), isCommit ? PlanCommit() : null);
    }

    public async ValueTask PutBodiesAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, CancellationToken cancellation) =>
        await WriteAsync(async () =>
        {
            await inner.PutBodiesAsync(bodies, cancellation);
            return true;
        });

    public async ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) => await WriteAsync(async () =>
    {
        await inner.DeleteBodyAsync(key, cancellation);
        return true;
    });

    private ValueTask<T> ReadAsync<T>(Func<ValueTask<T>> read)
    {
        ThrowIfDead();
        if (FailingReads > 0)
        {
            FailingReads--;
            throw new IOException("the store did not answer");
        }

        return read();
    }

    private async ValueTask<T> WriteAsync<T>(Func<ValueTask<T>> write, Fault? fault = null)
    {
        ThrowIfDead();
        switch (fault ?? Plan(Interlocked.Increment(ref _writes)))
        {
            case Fault.Failed:
                throw new IOException("the store failed");
            case Fault.FailedButPersisted:
                await write();
                throw new IOException("the answer was lost");
            case Fault.DeathAfter:
                await write();
                IsDead = true;
                break;
            case Fault.DeathBefore:
                IsDead = true;
                break;
            default:
                return await write();
        }

        ThrowIfDead();
        throw new InvalidOperationException();
    }

    private void ThrowIfDead()
    {
        if (IsDead)
        {
            throw new IOException("the process is dead");
        }
    }
}
