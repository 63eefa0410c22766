namespace EdgeMesh.Sidecar;

/// <summary>Mutual TLS between sidecars, with certificates of a Dapr sentry: each app's calls carry its SPIFFE identity
/// (<c>spiffe://trust-domain/ns/namespace/app-id</c>), and nobody without one is served or called.</summary>
public sealed record MutualTlsOptions
{
    /// <summary>Host and port of sentry, as daprd's <c>--sentry-address</c>.</summary>
    public required string SentryAddress { get; init; }

    /// <summary>The root certificates in PEM that sentry and sidecars are trusted by; null: they are in <see cref="TrustAnchorsFile"/>.</summary>
    public string? TrustAnchors { get; init; }

    /// <summary>The file of the root certificates, read anew when it changes; null: they are in <see cref="TrustAnchors"/>.</summary>
    public string? TrustAnchorsFile { get; init; }

    /// <summary>The trust domain of sentry's own identity.</summary>
    public string ControlPlaneTrustDomain { get; init; } = "localhost";

    /// <summary>The namespace of sentry's own identity.</summary>
    public string ControlPlaneNamespace { get; init; } = "default";
}
