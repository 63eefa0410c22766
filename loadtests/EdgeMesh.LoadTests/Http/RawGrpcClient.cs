using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace EdgeMesh.LoadTests.Http;

/// <summary>One HTTP/2 connection and one unary gRPC call (RFC 9113). It takes no compressed tables of headers, so that it need not read
/// any.</summary>
internal sealed class RawGrpcClient : RawClient
{
    private const int HeadLength = 9;
    private const int WholeWindow = int.MaxValue - 65_535;
    private const int ReturnedWindow = 1 << 20;
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, Ack = 1, EndHeaders = 4;

    private readonly byte[] _request;
    private readonly int _dataAt;
    private byte[] _buffer = new byte[64 * 1024];
    private int _from;
    private int _to;
    private int _stream = -1;

    /// <summary>Bytes that the server still takes, and those that it has sent since it was last told that they are read.</summary>
    private long _window = 65_535;
    private int _unreturned;

    /// <summary>A message came back for the call under way. A failure has none.</summary>
    private bool _answered;

    private RawGrpcClient(Uri address, byte[] request, int dataAt)
        : base(address) => (_request, _dataAt) = (request, dataAt);

    public static RawGrpcClient Connect(Uri address, string method, IMessage message)
    {
        var headers = HeaderBlock(address.Authority, method);
        var body = message.ToByteArray();
        byte[] prefixed = [0, .. BigEndian(body.Length), .. body];
        var client = new RawGrpcClient(address, [.. Frame(Headers, EndHeaders, headers), .. Frame(Data, EndStream, prefixed)], HeadLength + headers.Length);

        // No table of headers, and windows that are never full.
        byte[] settings = [0, 1, .. BigEndian(0), 0, 4, .. BigEndian(int.MaxValue)];
        client.Socket.Send([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, settings), .. Frame(WindowUpdate, 0, BigEndian(WholeWindow))]);
        return client;
    }

    public override void Begin()
    {
        _stream += 2;
        _answered = false;
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(5), _stream);
        BinaryPrimitives.WriteInt32BigEndian(_request.AsSpan(_dataAt + 5), _stream);
        var needed = _request.Length - _dataAt - HeadLength;
        while (_window < needed)
        {
            TryFinish();
        }

        _window -= needed;
        Socket.Send(_request);
    }

    public override bool? TryFinish()
    {
        if (_from == _to)
        {
            (_from, _to) = (0, 0);
        }

        _to += Receive(ref _buffer, _to);
        bool? ended = null;
        while (TryTakeFrame(out var type, out var flags, out var stream, out var payload))
        {
            AnswerConnection(type, flags, stream, payload);
            if (stream == _stream)
            {
                _answered |= type == Data && payload.Length >= 5;
                ended = type == Reset ? false : type is Data or Headers && (flags & EndStream) != 0 ? _answered : ended;
            }
        }

        return ended;
    }

    private bool TryTakeFrame(out byte type, out byte flags, out int stream, out ReadOnlySpan<byte> payload)
    {
        var bytes = _buffer.AsSpan(_from, _to - _from);
        var length = bytes.Length < HeadLength ? 0 : BinaryPrimitives.ReadInt32BigEndian(bytes) >>> 8;
        var isWhole = bytes.Length >= HeadLength + length;
        (type, flags, stream) = isWhole ? (bytes[3], bytes[4], BinaryPrimitives.ReadInt32BigEndian(bytes[5..])) : default;
        payload = isWhole ? bytes.Slice(HeadLength, length) : default;
        _from += isWhole ? HeadLength + length : 0;
        return isWhole;
    }

    /// <summary>What is of the connection itself.</summary>
    private void AnswerConnection(byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case GoAway:
                throw new IOException("The sidecar closed the connection.");
            case Settings when (flags & Ack) == 0:
                Socket.Send(Frame(Settings, Ack, []));
                break;
            case Ping when (flags & Ack) == 0:
                Socket.Send(Frame(Ping, Ack, payload));
                break;
            case WindowUpdate when stream == 0:
                _window += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            case Data when (_unreturned += payload.Length) >= ReturnedWindow:
                Socket.Send(Frame(WindowUpdate, 0, BigEndian(_unreturned)));
                _unreturned = 0;
                break;
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
