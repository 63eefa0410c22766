namespace EdgeMesh.Sidecar.Components.SecretsLocalEnv;

/// <summary>Secrets in environment variables. Dapr's own tokens are never given out.</summary>
internal sealed class EnvironmentSecretStore(ComponentSpec spec, ComponentContext context) : ISecretStore
{
    private readonly string _prefix = spec["prefix"] ?? "";

    public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation)
    {
        // daprd answers an unset variable with an empty value.
        var value = IsOpen(_prefix + name) ? context.Environment.GetValueOrDefault(_prefix + name, "") : "";
        return Task.FromResult<IReadOnlyDictionary<string, string>?>(new Dictionary<string, string> { [name] = value });
    }

    public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(context.Environment
            .Where(v => v.Key.StartsWith(_prefix, StringComparison.Ordinal) && IsOpen(v.Key))
            .ToDictionary(v => v.Key[_prefix.Length..], v => (IReadOnlyDictionary<string, string>)new Dictionary<string, string> { [v.Key[_prefix.Length..]] = v.Value }));

    private static bool IsOpen(string name) => name is not ("APP_API_TOKEN" or "DAPR_API_TOKEN");
}
