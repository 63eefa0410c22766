using System.Net.Sockets;
using EdgeMesh.Sidecar.MutualTls;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>Says of a connection to another sidecar that could not be made what is to be done about it. Nothing was asked on it: the call may be
/// tried again.</summary>
internal static class ConnectionFault
{
    /// <summary>Of .NET's message about a server that accepted a connection, and then did not speak HTTP/2 on it. No type or code tells that from
    /// a connection that broke under a call.</summary>
    private const string NotEstablished = "HTTP/2 handshake";

    /// <param name="error">What a call failed with.</param>
    /// <param name="isSecure">Whether it was with TLS.</param>
    /// <param name="hasAnswered">Whether the other sidecar answered by this way before: else a connection that broke under its first call was
    /// closed in place of a handshake too, and .NET's message depends on who noticed first.</param>
    /// <returns>Null: it is another fault, or one that says enough.</returns>
    public static string? Explain(Exception? error, bool isSecure, bool hasAnswered)
    {
        if (error is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError })
        {
            var reason = Chain(error).Last();
            return $"connection error: desc = \"transport: authentication handshake failed: {reason.Message}\"{(reason is PeerRefusedException ? "" : " (perhaps mutual TLS (--enable-mtls) is off there)")}";
        }

        return Chain(error).FirstOrDefault(e => e.Message.Contains(NotEstablished, StringComparison.Ordinal) || (!hasAnswered && IsBroken(e))) is { } broken
            ? $"connection error: desc = \"{broken.Message}\" ({(isSecure ? "perhaps it refuses this certificate: its log says why" : "perhaps mutual TLS (--enable-mtls) is on there, and off here")})"
            : null;
    }

    private static bool IsBroken(Exception error) =>
        error is HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } or IOException { InnerException: SocketException };

    private static IEnumerable<Exception> Chain(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            yield return error;
        }
    }
}
