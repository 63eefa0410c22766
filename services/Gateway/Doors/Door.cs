using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Gateway.Doors;

/// <summary>By which listener a request came.</summary>
internal enum Door
{
    /// <summary>On loopback: the gateway's own sidecar.</summary>
    App,

    /// <summary>HTTPS, for everybody.</summary>
    Public,

    /// <summary>Mutual TLS, for other sites.</summary>
    Mesh,
}

/// <summary>Set on a connection by its listener, before a byte is read: nothing in a request can change it.</summary>
internal sealed record DoorFeature(Door Door);

/// <summary>Set on a connection of the mesh door by the handshake: the site that its certificate names, as services will see it.</summary>
internal sealed record MeshPeer(Caller Site);
