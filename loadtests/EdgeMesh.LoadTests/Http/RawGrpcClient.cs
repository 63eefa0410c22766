using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;

namespace EdgeMesh.LoadTests.Http;

/// <summary>One HTTP/2 connection that makes the same unary gRPC call again and again, one at a time (RFC 9113): as little as a client can do, so
/// that the machine's time goes to the sidecars. It takes no compressed tables of headers, so that it need not read any.</summary>
internal sealed class RawGrpcClient : IDisposable
{
    private const int HeadLength = 9;
    private const int WholeWindow = int.MaxValue - 65_535;
    private const int ReturnedWindow = 1 << 20;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly int _dataAt;
    private byte[] _buffer = new byte[64 * 1024];
    private int _from;
    private int _to;
    private int _stream = -1;

    /// <summary>Bytes that the server still takes, and those that it has sent since it was last told that they are read.</summary>
    private long _window = 65_535;
    private int _unreturned;

    private RawGrpcClient(byte[] request, int dataAt) => (_request, _dataAt) = (request, dataAt);

    public static async Task<RawGrpcClient> ConnectAsync(Uri address, string method, IMessage message, CancellationToken cancellation)
    {
        var headers = HeaderBlock(address.Authority, method);
        var body = message.ToByteArray();
        byte[] prefixed = [0, .. BigEndian(body.Length), .. body];
        byte[] request = [.. Frame(Headers, EndHeaders, headers), .. Frame(Data, EndStream, prefixed)];
        var client = new RawGrpcClient(request, HeadLength + headers.Length);
        await client._socket.ConnectAsync(address.Host, address.Port, cancellation);

        // No table of headers, and windows that are never full.
        byte[] settings = [0, 1, .. BigEndian(0), 0, 4, .. BigEndian(int.MaxValue)];
        await client._socket.SendAsync(
            (byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, settings), .. Frame(WindowUpdate, 0, BigEndian(WholeWindow))], cancellation);
        return client;
    }

    /// <summary>True: a message came back. A failure has none.</summary>
    public async ValueTask<bool> CallAsync(CancellationToken cancellation)
    {
        _stream += 2;
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(5), _stream);
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(_dataAt + 5), _stream);
        var needed = _request.Length - _dataAt - HeadLength;
        while (_window < needed)
        {
            await NextAsync(cancellation);
        }

        _window -= needed;
        await _socket.SendAsync(_request, cancellation);
        var answered = false;
        while (true)
        {
            var (type, flags, stream, length) = await NextAsync(cancellation);
            if (stream != _stream)
            {
                continue;
            }

            answered |= type == Data && length >= 5;
            if (type == Reset || (type is Data or Headers && (flags & EndStream) != 0))
            {
                return answered && type != Reset;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Reads a frame, and answers what is of the connection itself.</summary>
    private async ValueTask<(byte Type, byte Flags, int Stream, int Length)> NextAsync(CancellationToken cancellation)
    {
        await FillAsync(HeadLength, cancellation);
        var frame = (Type: _buffer[_from + 3], Flags: _buffer[_from + 4], Stream: BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_from + 5)), Length: BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_from)) >>> 8);
        await FillAsync(HeadLength + frame.Length, cancellation);
        var payload = _buffer.AsMemory(_from + HeadLength, frame.Length);
        _from += HeadLength + frame.Length;
        switch (frame.Type)
        {
            case GoAway:
                throw new IOException("The sidecar closed the connection.");
            case Settings when (frame.Flags & Ack) == 0:
                await _socket.SendAsync(Frame(Settings, Ack, []), cancellation);
                break;
            case Ping when (frame.Flags & Ack) == 0:
                await _socket.SendAsync(Frame(Ping, Ack, payload.Span), cancellation);
                break;
            case WindowUpdate when frame.Stream == 0:
                _window += BinaryPrimitives.ReadInt32BigEndian(payload.Span);
                break;
            case Data when (_unreturned += frame.Length) >= ReturnedWindow:
                await _socket.SendAsync(Frame(WindowUpdate, 0, BigEndian(_unreturned)), cancellation);
                _unreturned = 0;
                break;
        }

        return frame;
    }

    private async ValueTask FillAsync(int length, CancellationToken cancellation)
    {
        while (_to - _from < length)
        {
            if (_from > 0)
            {
                _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
                (_from, _to) = (0, _to - _from);
            }

            if (_to == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await _socket.ReceiveAsync(_buffer.AsMemory(_to), cancellation);
            _to += read > 0 ? read : throw new IOException("The sidecar closed the connection.");
        }
    }

    /// <summary>HPACK (RFC 7541) with the static table's names, every value as it is.</summary>
    private static byte[] HeaderBlock(string authority, string method) =>
        [0x83, 0x86, 0x04, .. Text(method), 0x01, .. Text(authority), 0x0F, 0x10, .. Text("application/grpc"), 0x00, .. Text("te"), .. Text("trailers")];

    private static byte[] Text(string text) => [(byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    /// <summary>Of the connection; a stream's number is written into it later.</summary>
    private static byte[] Frame(byte type, byte flags, ReadOnlySpan<byte> payload) => [.. BigEndian(payload.Length)[1..], type, flags, 0, 0, 0, 0, .. payload];

    private static byte[] BigEndian(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }
}
