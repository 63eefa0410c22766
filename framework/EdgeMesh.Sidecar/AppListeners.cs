using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EdgeMesh.Sidecar;

/// <summary>Where one app's sidecar listens.</summary>
/// <param name="Http">The HTTP API.</param>
/// <param name="Grpc">The gRPC API.</param>
/// <param name="Internal">For other sidecars; null: they can't call.</param>
internal sealed record AppListeners(ListenOptions Http, ListenOptions Grpc, ListenOptions? Internal);
