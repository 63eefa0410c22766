namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Who calls: what mutual TLS says of a caller, or what this process knows of its own apps.</summary>
internal sealed record CallerIdentity(string TrustDomain, string Namespace, string AppId)
{
    /// <summary>What every app without another one belongs to.</summary>
    public const string DefaultTrustDomain = "public";

    public override string ToString() => $"spiffe://{TrustDomain}/ns/{Namespace}/{AppId}";
}
