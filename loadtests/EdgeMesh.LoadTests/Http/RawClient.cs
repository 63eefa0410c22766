using System.Net.Sockets;

namespace EdgeMesh.LoadTests.Http;

/// <summary>One connection that makes the same call again and again, one at a time: as little as a client can do, so that the machine's time
/// goes to the sidecars. It reads only what has come, so that one thread can drive many.</summary>
internal abstract class RawClient(Uri address) : IDisposable
{
    private const int LongestWaitMilliseconds = 30_000;

    /// <summary>To wait on: readable when <see cref="TryFinish"/> has something to do.</summary>
    public Socket Socket { get; } = Connect(address);

    /// <summary>Sends the call.</summary>
    public abstract void Begin();

    /// <summary>Reads once. True: the answer that was expected; false: another; null: more is to come.</summary>
    public abstract bool? TryFinish();

    /// <summary>Makes the call and waits for its answer.</summary>
    public bool Call()
    {
        Begin();
        while (true)
        {
            if (TryFinish() is { } answer)
            {
                return answer;
            }
        }
    }

    public void Dispose() => Socket.Dispose();

    /// <summary>Fills what is free of a buffer, or one twice as long, with what has come.</summary>
    /// <returns>How many bytes.</returns>
    protected int Receive(ref byte[] buffer, int from)
    {
        if (from == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = Socket.Receive(buffer.AsSpan(from));
        return read > 0 ? read : throw new IOException("The sidecar closed the connection.");
    }

    private static Socket Connect(Uri address)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = LongestWaitMilliseconds };
        socket.Connect(address.Host, address.Port);
        return socket;
    }
}
