using System.Net.Sockets;
using EdgeMesh.Sidecar.Sidecars;

namespace EdgeMesh.Sidecar.Tests.MutualTls;

/// <summary>What is said of a connection to another sidecar that was not made.</summary>
public sealed class ConnectionFaultTests
{
    private static readonly Exception[] Broken =
    [
        new HttpRequestException("sending failed", new IOException("Broken pipe", new SocketException((int)SocketError.Shutdown))),
        new HttpRequestException("sending failed", new HttpIOException(HttpRequestError.ResponseEnded, "the response ended")),
        new HttpRequestException("An HTTP/2 connection could not be established because the server did not complete the HTTP/2 handshake."),
    ];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Explain_AFirstCallWasCutOff_SpeaksOfTlsHoweverItShows(int broken) =>
        Assert.Contains("perhaps mutual TLS (--enable-mtls) is on there, and off here", ConnectionFault.Explain(Broken[broken], isSecure: false, hasAnswered: false), StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Explain_ACallWasCutOffAfterOthersWereAnswered_IsAnotherFault(int broken) =>
        Assert.Null(ConnectionFault.Explain(Broken[broken], isSecure: false, hasAnswered: true));
}
