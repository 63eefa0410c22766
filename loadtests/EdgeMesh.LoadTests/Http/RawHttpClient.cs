using System.Buffers.Text;
using System.Text;

namespace EdgeMesh.LoadTests.Http;

/// <summary>HTTP/1.1: the same bytes each time, and whole answers.</summary>
/// <param name="address">The sidecar's.</param>
/// <param name="request">Head and body.</param>
/// <param name="expected">The status.</param>
internal sealed class RawHttpClient(Uri address, byte[] request, int expected) : RawClient(address)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;

    public static RawHttpClient Connect(Uri address, string method, string path, ReadOnlySpan<byte> body, string type, int expected)
    {
        var head = $"{method} {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n";
        return new RawHttpClient(address, [.. Encoding.ASCII.GetBytes(head), .. body], expected);
    }

    public override void Begin()
    {
        _length = 0;
        Socket.Send(request);
    }

    public override bool? TryFinish()
    {
        _length += Receive(ref _buffer, _length);
        return Status(_buffer.AsSpan(0, _length)) is { } status ? status == expected : null;
    }

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

        // Whatever the case of its first letters.
        var at = head.IndexOf("ength: "u8);
        return at >= 0 && Utf8Parser.TryParse(head[(at + 7)..], out int length, out _)
            ? body.Length >= length ? status : null
            : body.EndsWith("0\r\n\r\n"u8) ? status : null;
    }
}
