namespace EdgeMesh.Sidecar.Components;

/// <summary>One Component resource after secret references and template tags were resolved.</summary>
internal sealed record ComponentSpec(string Name, string Type, string Version, IReadOnlyDictionary<string, string> Metadata)
{
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>File and line, for messages.</summary>
    public string Source { get; init; } = "";

    public string? this[string key] => Metadata.TryGetValue(key, out var value) ? value : null;

    /// <summary>Whether an app may use it.</summary>
    public bool IsFor(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);
}

/// <summary>What drivers share with the process.</summary>
internal sealed record ComponentContext(string WorkingDirectory, TimeProvider Clock, IReadOnlyDictionary<string, string> Environment, Func<string, Apps.AppChannel?> FindApp);

/// <summary>An opened component.</summary>
/// <param name="Spec">What it was opened from.</param>
/// <param name="Driver">An <see cref="IStateStore"/>, <see cref="IPubSubBroker"/> or <see cref="ISecretStore"/>; null when it could not be opened.</param>
/// <param name="Failure">Why it could not be opened.</param>
internal sealed record OpenComponent(ComponentSpec Spec, object? Driver, string? Failure);
