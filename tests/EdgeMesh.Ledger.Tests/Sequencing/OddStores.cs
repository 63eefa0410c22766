namespace EdgeMesh.Ledger.Tests.Sequencing;

/// <summary>Passes everything on.</summary>
internal abstract class PassingStore(ILedgerStore inner) : ILedgerStore
{
    public virtual ValueTask<LedgerRow?> ReadAsync(string key, CancellationToken cancellation) => inner.ReadAsync(key, cancellation);

    public virtual ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, string? expected, CancellationToken cancellation) =>
        inner.WriteAsync(key, value, expected, cancellation);

    public ValueTask DeleteAsync(string key, CancellationToken cancellation) => inner.DeleteAsync(key, cancellation);

    public ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(string key, CancellationToken cancellation) => inner.ReadBodyAsync(key, cancellation);

    public virtual ValueTask WriteBodyAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) => inner.WriteBodyAsync(key, value, cancellation);

    public ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) => inner.DeleteBodyAsync(key, cancellation);
}

/// <summary>Remembers the largest value.</summary>
internal sealed class LimitedStore(ILedgerStore inner) : PassingStore(inner)
{
    public int Largest { get; private set; }

    public override ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, string? expected, CancellationToken cancellation)
    {
        Largest = Math.Max(Largest, value.Length);
        return base.WriteAsync(key, value, expected, cancellation);
    }

    public override ValueTask WriteBodyAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation)
    {
        Largest = Math.Max(Largest, value.Length);
        return base.WriteBodyAsync(key, value, cancellation);
    }
}

/// <summary>Lets writes wait.</summary>
internal sealed class GatedStore(ILedgerStore inner) : PassingStore(inner)
{
    private TaskCompletionSource _open = Opened();

    public void Close() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    public override async ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, string? expected, CancellationToken cancellation)
    {
        await _open.Task;
        return await base.WriteAsync(key, value, expected, cancellation);
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }
}

/// <summary>Gives a stage back with other entries, and a checksum that holds all the same.</summary>
internal sealed class AlteringStore(ILedgerStore inner) : PassingStore(inner)
{
    public override async ValueTask<LedgerRow?> ReadAsync(string key, CancellationToken cancellation)
    {
        var row = await base.ReadAsync(key, cancellation);
        if (row is not { } found || !key.StartsWith("stage/", StringComparison.Ordinal))
        {
            return row;
        }

        var bytes = found.Value.ToArray();
        bytes[^20] ^= 1;
        System.Security.Cryptography.SHA256.HashData(bytes.AsSpan(..^8)).AsSpan(0, 8).CopyTo(bytes.AsSpan(^8));
        return found with { Value = bytes };
    }
}
