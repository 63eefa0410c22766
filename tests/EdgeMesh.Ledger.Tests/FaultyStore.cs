namespace EdgeMesh.Ledger.Tests;

/// <summary>Fails the n-th call from now on, before or after it was done; once, or from then on for good, as a crash does.</summary>
internal sealed class FaultyStore(ILedgerStore inner) : ILedgerStore
{
    private int _calls;
    private int _failAt = int.MaxValue;
    private bool _done;
    private bool _forGood;

    public bool Fired { get; private set; }

    public void Arm(int call, bool done, bool forGood) => (_calls, _failAt, _done, _forGood, Fired) = (0, call, done, forGood, false);

    public ValueTask<LedgerRow?> ReadAsync(string key, CancellationToken cancellation) => RunAsync(() => inner.ReadAsync(key, cancellation));

    public ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, string? expected, CancellationToken cancellation) =>
        RunAsync(() => inner.WriteAsync(key, value, expected, cancellation));

    public async ValueTask DeleteAsync(string key, CancellationToken cancellation) =>
        await RunAsync(async () => { await inner.DeleteAsync(key, cancellation); return true; });

    public ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(string key, CancellationToken cancellation) => RunAsync(() => inner.ReadBodyAsync(key, cancellation));

    public async ValueTask WriteBodyAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) =>
        await RunAsync(async () => { await inner.WriteBodyAsync(key, value, cancellation); return true; });

    public async ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) =>
        await RunAsync(async () => { await inner.DeleteBodyAsync(key, cancellation); return true; });

    private async ValueTask<T> RunAsync<T>(Func<ValueTask<T>> call)
    {
        var number = Interlocked.Increment(ref _calls) - 1;
        var fails = number == _failAt || (number > _failAt && _forGood);
        Fired |= fails;
        if (fails && !(_done && number == _failAt))
        {
            throw new IOException("The store is away.");
        }

        var result = await call();
        return fails ? throw new IOException("The answer was lost.") : result;
    }
}
