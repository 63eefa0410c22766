using Dapr.Client;

namespace EdgeMesh.Ledger;

/// <summary>A ledger in the components <c>heads</c> and <c>bodies</c>, below <c>{site}/ledger/{log}/</c>.</summary>
public sealed class DaprLedgerStore(DaprClient dapr, string site, string log) : ILedgerStore
{
    private const string Heads = "heads";
    private const string Bodies = "bodies";
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    private readonly string _prefix = $"{site}/ledger/{log}/";

    /// <inheritdoc/>
    public async ValueTask<LedgerRow?> ReadAsync(string key, CancellationToken cancellation)
    {
        var (value, etag) = await dapr.GetByteStateAndETagAsync(Heads, _prefix + key, cancellationToken: cancellation);
        return value.IsEmpty ? null : new LedgerRow(value, etag);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, string? expected, CancellationToken cancellation) =>
        await dapr.TrySaveByteStateAsync(Heads, _prefix + key, value, expected ?? "", FirstWrite, cancellationToken: cancellation);

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string key, CancellationToken cancellation) =>
        await dapr.DeleteStateAsync(Heads, _prefix + key, cancellationToken: cancellation);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(string key, CancellationToken cancellation)
    {
        var value = await dapr.GetByteStateAsync(Bodies, _prefix + key, cancellationToken: cancellation);
        return value.IsEmpty ? default(ReadOnlyMemory<byte>?) : value;
    }

    /// <inheritdoc/>
    public async ValueTask WriteBodyAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) =>
        await dapr.SaveByteStateAsync(Bodies, _prefix + key, value, cancellationToken: cancellation);

    /// <inheritdoc/>
    public async ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) =>
        await dapr.DeleteStateAsync(Bodies, _prefix + key, cancellationToken: cancellation);
}
