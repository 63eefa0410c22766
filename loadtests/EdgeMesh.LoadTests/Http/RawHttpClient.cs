using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace EdgeMesh.LoadTests.Http;

/// <summary>One connection that sends the same bytes again and again and reads whole answers: as little as a client can do, so that the
/// machine's time goes to the sidecars.</summary>
internal sealed class RawHttpClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly int _expected;
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;

    private RawHttpClient(byte[] request, int expected) => (_request, _expected) = (request, expected);

    public static async Task<RawHttpClient> ConnectAsync(Uri address, string method, string path, ReadOnlyMemory<byte> body, string type, int expected, CancellationToken cancellation)
    {
        var head = $"{method} {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n";
        var client = new RawHttpClient([.. Encoding.ASCII.GetBytes(head), .. body.Span], expected);
        await client._socket.ConnectAsync(address.Host, address.Port, cancellation);
        return client;
    }

    /// <summary>True: the answer has the expected status.</summary>
    public async ValueTask<bool> CallAsync(CancellationToken cancellation)
    {
        await _socket.SendAsync(_request, cancellation);
        _length = 0;
        while (true)
        {
            if (_length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_length), cancellation);
            if (read == 0)
            {
                throw new IOException("The sidecar closed the connection.");
            }

            _length += read;
            if (Status(_buffer.AsSpan(0, _length)) is { } status)
            {
                return status == _expected;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The status of a whole answer; null while more is to come.</summary>
    private static int? Status(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return null;
        }

        var head = answer[..end];
        var body = answer[(end + 4)..];
        Utf8Parser.TryParse(head[9..], out int status, out _);
        if (status == 204)
        {
            return status;
        }

        var at = IndexOfHeader(head, "content-length: "u8);
        return at >= 0 && Utf8Parser.TryParse(head[at..], out int length, out _)
            ? body.Length >= length ? status : null
            : body.EndsWith("0\r\n\r\n"u8) ? status : null;
    }

    private static int IndexOfHeader(ReadOnlySpan<byte> head, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i + name.Length <= head.Length; i++)
        {
            if (Ascii.EqualsIgnoreCase(head.Slice(i, name.Length), name))
            {
                return i + name.Length;
            }
        }

        return -1;
    }
}
