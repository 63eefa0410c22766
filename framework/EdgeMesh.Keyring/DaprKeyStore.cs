using System.Globalization;
using Dapr.Client;

namespace EdgeMesh.Keyring;

/// <summary>Keys in the component <c>heads</c>, below <c>{site}/keyring/</c>.</summary>
public sealed class DaprKeyStore(DaprClient dapr, string site) : IKeyStore
{
    private const string Component = "heads";
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellation)
    {
        var found = await dapr.GetByteStateAsync(Component, Full(key), cancellationToken: cancellation);
        return found.IsEmpty ? null : found.ToArray();
    }

    /// <inheritdoc/>
    public async ValueTask<bool> AddAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) =>
        await dapr.TrySaveByteStateAsync(Component, Full(key), value, "", FirstWrite, cancellationToken: cancellation);

    /// <inheritdoc/>
    public async ValueTask SetAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) =>
        await dapr.SaveByteStateAsync(Component, Full(key), value, cancellationToken: cancellation);

    private string Full(string key) => string.Create(CultureInfo.InvariantCulture, $"{site}/keyring/{key}");
}
