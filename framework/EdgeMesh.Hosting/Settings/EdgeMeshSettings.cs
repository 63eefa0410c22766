namespace EdgeMesh.Hosting;

/// <summary>What every service reads at start, checked.</summary>
internal sealed record EdgeMeshSettings
{
    public const long DefaultBodyLimit = 4 * 1024 * 1024;

    public static readonly TimeSpan DefaultStopLimit = TimeSpan.FromSeconds(10);

    public required SiteIdentity Identity { get; init; }

    public required MeshDirectory Directory { get; init; }

    public required SidecarEndpoints Sidecar { get; init; }

    /// <summary>What the sidecar must show; null: anyone on loopback may call.</summary>
    public string? AppToken { get; init; }

    /// <summary>The largest request body, in bytes.</summary>
    public long BodyLimit { get; init; } = DefaultBodyLimit;

    /// <summary>How long requests under way may take to finish when the service is told to stop.</summary>
    public TimeSpan StopLimit { get; init; } = DefaultStopLimit;
}
