namespace EdgeMesh.Sidecar.Components;

internal interface ISecretStore
{
    /// <summary>The secret's keys and values; null when there is no such secret.</summary>
    Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation);

    Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation);
}
