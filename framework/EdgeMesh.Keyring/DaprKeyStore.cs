using Dapr;
using Dapr.Client;

namespace EdgeMesh.Keyring;

/// <summary>Keys in the component <c>heads</c>, below <c>{site}/keyring/</c>.</summary>
public sealed class DaprKeyStore(DaprClient dapr, string site) : IKeyStore
{
    private const string Component = "heads";
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    private readonly string _prefix = $"{site}/keyring/";

    /// <inheritdoc/>
    public async ValueTask<KeyRow?> GetAsync(string key, CancellationToken cancellation)
    {
        var (value, etag) = await dapr.GetByteStateAndETagAsync(Component, _prefix + key, cancellationToken: cancellation);
        return value.IsEmpty ? null : new KeyRow(value, etag);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> CommitAsync(IReadOnlyList<KeyWrite> writes, string? expected, CancellationToken cancellation)
    {
        try
        {
            await dapr.ExecuteStateTransactionAsync(Component, [.. writes.Select((write, index) => Operation(write, index == 0, expected))], cancellationToken: cancellation);
            return true;
        }
        catch (DaprException)
        {
            // A lost race, and an answer that was lost, are one error here: the guarding row tells which. Every value is sealed with
            // a fresh nonce, so equal bytes are this very write.
            var found = await GetAsync(writes[0].Key, cancellation);
            if (writes[0].Value is { } own && found is { } row && row.Value.Span.SequenceEqual(own))
            {
                return true;
            }

            if (found?.ETag == expected)
            {
                throw;
            }

            return false;
        }
    }

    private StateTransactionRequest Operation(KeyWrite write, bool guard, string? expected) => new(
        _prefix + write.Key,
        write.Value,
        write.Value is null ? StateOperationType.Delete : StateOperationType.Upsert,
        guard ? expected : null,
        options: guard ? FirstWrite : null);
}
