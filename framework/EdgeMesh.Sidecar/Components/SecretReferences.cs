using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.Components;

/// <summary>What the values of resources refer to: environment variables and secrets of stores that are open.</summary>
internal sealed class SecretReferences(IReadOnlyList<string> appIds, ComponentCatalog catalog, IReadOnlyDictionary<string, string> environment)
{
    /// <exception cref="ArgumentException">What the value refers to is not there.</exception>
    public async Task<string> ValueAsync(string? storeName, MetadataItem item, CancellationToken cancellation)
    {
        if (item.EnvironmentName is { } variable)
        {
            return variable is "APP_API_TOKEN" || variable.StartsWith("DAPR_", StringComparison.Ordinal)
                ? throw new ArgumentException($"'{item.Name}' refers to the environment variable '{variable}', which is never given out.")
                : environment.GetValueOrDefault(variable) ?? throw new ArgumentException($"'{item.Name}' refers to the environment variable '{variable}', which is not set.");
        }

        if (item.SecretName is not { } secretName)
        {
            return item.Value ?? "";
        }

        var store = storeName is { } name ? appIds.Select(a => catalog.Find(name, a)?.Shared.Instance as ISecretStore).FirstOrDefault(s => s is not null) : null;
        if (store is null)
        {
            throw new ArgumentException($"'{item.Name}' refers to a secret, and auth.secretStore '{storeName}' is no secret store that could be opened.");
        }

        try
        {
            return await store.GetAsync(secretName, cancellation) is { } secret && secret.TryGetValue(item.SecretKey ?? secretName, out var value)
                ? value
                : throw new ArgumentException($"'{item.Name}' refers to secret '{secretName}', key '{item.SecretKey}', which is not in '{storeName}'.");
        }
        catch (SecretRefusalException error)
        {
            throw new ArgumentException($"'{item.Name}' refers to secret '{secretName}', which '{storeName}' does not give: {error.Message}", error);
        }
    }
}
