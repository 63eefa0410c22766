using System.Buffers.Text;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EdgeMesh.Cli.Bench;

/// <summary>One connection that makes the same call again and again over HTTPS, one at a time, and gets back what it sent: as little as a client
/// can do, for what it takes of the machine no site can have.</summary>
internal sealed class EchoConnection : IDisposable
{
    private const int BodyLength = 256;
    private const int LongestWaitMilliseconds = 30_000;
    private static readonly byte[] Body = [.. Enumerable.Range(0, BodyLength).Select(i => (byte)i)];

    private readonly SslStream stream;
    private readonly byte[] request;
    private readonly byte[] answer = new byte[16 * 1024];

    private EchoConnection(Socket socket, SslStream stream, byte[] request) => (Socket, this.stream, this.request) = (socket, stream, request);

    /// <summary>To wait on: readable when the answer has begun to come.</summary>
    public Socket Socket { get; }

    /// <param name="url">What to call by POST.</param>
    /// <param name="authority">What the server's certificate comes from.</param>
    /// <param name="token">Of who calls.</param>
    /// <exception cref="SocketException">Nothing listens.</exception>
    /// <exception cref="AuthenticationException">The server's certificate is another's.</exception>
    public static EchoConnection Open(Uri url, X509Certificate2 authority, string? token)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = LongestWaitMilliseconds };
        try
        {
            socket.Connect(url.Host, url.Port);
            return new EchoConnection(socket, Secure(socket, url.Host, authority), Request(url, token));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends the call.</summary>
    public void Begin() => stream.Write(request);

    /// <summary>Waits for the rest of the answer. Whether it is the one that was expected.</summary>
    /// <exception cref="InvalidOperationException">The server closed the connection, or sends more than an echo or a refusal is.</exception>
    public bool Finish()
    {
        for (var length = 0; ;)
        {
            var read = length < answer.Length ? stream.Read(answer.AsSpan(length)) : 0;
            length += read > 0 ? read : throw new InvalidOperationException("the server closed the connection, or answered with more than was sent.");
            if (Whole(answer.AsSpan(0, length)) is { } expected)
            {
                return expected;
            }
        }
    }

    public void Dispose() => stream.Dispose();

    private static SslStream Secure(Socket socket, string host, X509Certificate2 authority)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        stream.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = host,
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck },
        });
        return stream;
    }

    private static byte[] Request(Uri url, string? token)
    {
        var credentials = token is null ? "" : $"Authorization: Bearer {token}\r\n";
        var head = $"POST {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\n{credentials}Content-Type: application/octet-stream\r\nContent-Length: {BodyLength}\r\n\r\n";
        return [.. Encoding.ASCII.GetBytes(head), .. Body];
    }

    private static bool? Whole(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var head = answer[..end];
        var body = answer[(end + 4)..];
        var at = head.IndexOf("\r\nContent-Length: "u8);
        if (at < 0 || !Utf8Parser.TryParse(head[(at + 18)..], out int length, out _))
        {
            // An echo says how long it is; a refusal may come in chunks.
            return body.EndsWith("0\r\n\r\n"u8) ? false : null;
        }

        return body.Length < length ? null : head.StartsWith("HTTP/1.1 200"u8) && body.SequenceEqual(Body);
    }
}
