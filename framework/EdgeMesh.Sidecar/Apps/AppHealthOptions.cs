namespace EdgeMesh.Sidecar;

/// <summary>How an app is asked whether it can take work, as daprd's <c>--app-health-…</c> flags say it. While it can't, it gets no messages
/// and no calls.</summary>
public sealed record AppHealthOptions
{
    /// <summary>What is asked of an HTTP app; any 2xx is healthy. A gRPC app is asked by <c>AppCallbackHealthCheck</c>.</summary>
    public string Path { get; init; } = "/healthz";

    /// <summary>Between two probes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After which a probe counts as failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Failed probes in a row after which the app is unhealthy. One that succeeds makes it healthy.</summary>
    public int Threshold { get; init; } = 3;
}
