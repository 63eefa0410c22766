using EdgeMesh.Sidecar.BuildingBlocks.Invocation;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>What came of looking at a peer's certificate.</summary>
/// <param name="Identity">Who it is; null: it is not trusted.</param>
/// <param name="Refusal">Why not; null: it is.</param>
internal sealed record Peer(CallerIdentity? Identity, string? Refusal)
{
    public static Peer Refused(string reason) => new(null, reason);
}
