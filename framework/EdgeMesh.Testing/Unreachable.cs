using System.Net.Sockets;

namespace EdgeMesh.Testing;

/// <summary>What a sidecar meets where nobody is there.</summary>
internal static class Unreachable
{
    /// <summary>Who speaks gRPC knows by the socket's error that it may ask again.</summary>
    public static HttpRequestException Because(string reason) => new(reason, new SocketException((int)SocketError.ConnectionReset));
}
