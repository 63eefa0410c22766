using EdgeMesh.Sidecar;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>What both engines start from: the same resources, the same apps.</summary>
internal sealed record EngineSetup(string Folder, IReadOnlyList<EngineApp> Apps)
{
    /// <summary>Whether daprd gets placement and scheduler: for actors and jobs.</summary>
    public bool ControlPlane { get; init; }

    /// <summary>Whether the embedded engine looks for changed resources; daprd always does.</summary>
    public bool WatchesResources { get; init; }

    /// <summary>Whether the embedded engine gets a metrics port; daprd always has one.</summary>
    public bool HasMetrics { get; init; }

    /// <summary>Null: sidecars call each other without TLS.</summary>
    public MutualTlsOptions? MutualTls { get; init; }

    /// <summary>Whom the apps' certificates name; null: each app.</summary>
    public string? Identity { get; init; }

    public const string ApiToken = "conformance-api-token";

    /// <summary>What the engine's environment has beside the usual.</summary>
    public Dictionary<string, string> Environment { get; } = new() { ["CONFORMANCE_SECRET"] = "from-the-environment" };

    public string Resources => Path.Combine(Folder, "resources");
}
