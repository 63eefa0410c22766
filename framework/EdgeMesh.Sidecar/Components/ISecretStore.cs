namespace EdgeMesh.Sidecar.Components;

internal interface ISecretStore
{
    /// <summary>The secret's keys and values; null when there is no such secret.</summary>
    /// <exception cref="SecretRefusalException">The store has none of that name, or failed.</exception>
    Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation);

    /// <exception cref="SecretRefusalException">The store failed.</exception>
    Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation);
}
