using System.Security.Authentication;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>This side broke a handshake off: the other is not who it must be, or this one can't show itself any more.</summary>
internal sealed class PeerRefusedException(string reason) : AuthenticationException(reason);
