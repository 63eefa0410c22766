namespace EdgeMesh.Sidecar.Components;

/// <summary>One Component resource after secret references and template tags were resolved.</summary>
internal sealed record ComponentSpec(string Name, string Type, string Version, IReadOnlyDictionary<string, string> Metadata)
{
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>File and line, for messages.</summary>
    public string Source { get; init; } = "";

    public string? this[string key] => Metadata.TryGetValue(key, out var value) ? value : null;
}

/// <summary>What drivers share with the process.</summary>
internal sealed record ComponentContext(string WorkingDirectory, TimeProvider Clock, IReadOnlyDictionary<string, string> Environment, Func<string, Apps.AppChannel?> FindApp);
