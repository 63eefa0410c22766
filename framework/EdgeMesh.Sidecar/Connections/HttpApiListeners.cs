using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Sidecar.Connections;

/// <summary>The HTTP API's ports, whose busy connections have threads of their own while they are few: an app keeps one connection or two to its sidecar,
/// and waits for each answer. With many, Kestrel's loop over all sockets is cheaper, as it gathers their work. Other ports are Kestrel's alone.</summary>
internal sealed class HttpApiListeners : IConnectionListenerFactory, IConnectionListenerFactorySelector, IAsyncDisposable
{
    /// <summary>Of all ports.</summary>
    internal const int MostThreads = 2;

    /// <summary>With more connections than this, threads give way, and further ones are Kestrel's.</summary>
    internal const int Crowd = 8;

    private readonly SocketTransportOptions _sockets;
    private readonly MemoryPool<byte> _memory;
    private readonly ILogger _logger;
    private readonly SocketConnectionContextFactory _looped;
    private int _open;
    private int _threads;

    public HttpApiListeners(IOptions<SocketTransportOptions> sockets, IMemoryPoolFactory<byte> memory, ILoggerFactory loggers)
    {
        (_sockets, _memory, _logger) = (sockets.Value, memory.Create(), loggers.CreateLogger("EdgeMesh.Sidecar.Connections"));
        var looped = new SocketConnectionFactoryOptions
        {
            IOQueueCount = _sockets.IOQueueCount,
            WaitForDataBeforeAllocatingBuffer = _sockets.WaitForDataBeforeAllocatingBuffer,
            MaxReadBufferSize = _sockets.MaxReadBufferSize,
            MaxWriteBufferSize = _sockets.MaxWriteBufferSize,
        };
        _looped = new SocketConnectionContextFactory(looped, _logger);
    }

    /// <summary>How many connections have a thread.</summary>
    internal int Threads => Volatile.Read(ref _threads);

    public bool CanBind(EndPoint endpoint) => endpoint is HttpApiEndPoint;

    /// <exception cref="AddressInUseException">Another process listens there.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = _sockets.CreateBoundListenSocket(endpoint);
            socket.Listen(_sockets.Backlog);
            return ValueTask.FromResult<IConnectionListener>(new HttpApiListener(socket, Take));
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            if (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new AddressInUseException(error.Message, error);
            }

            throw;
        }
    }

    public ValueTask DisposeAsync()
    {
        _looped.Dispose();
        _memory.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <returns>Null: the socket is gone already.</returns>
    internal ConnectionContext? Take(Socket socket)
    {
        var isOneOfFew = Interlocked.Increment(ref _open) <= Crowd;
        try
        {
            socket.NoDelay = _sockets.NoDelay;
            return isOneOfFew ? Own(socket) : Looped(socket);
        }
        catch (SocketException)
        {
            Interlocked.Decrement(ref _open);
            socket.Dispose();
            return null;
        }
    }

    private bool IsCrowded() => Volatile.Read(ref _open) > Crowd;

    private bool TakeThread()
    {
        if (Threads >= MostThreads)
        {
            return false;
        }

        if (Interlocked.Increment(ref _threads) <= MostThreads)
        {
            return true;
        }

        FreeThread();
        return false;
    }

    private void FreeThread() => Interlocked.Decrement(ref _threads);

    private OwnThreadConnection Own(Socket socket)
    {
        var connection = new OwnThreadConnection(socket, _memory, _sockets.MaxReadBufferSize ?? 0, _sockets.MaxWriteBufferSize ?? 0, _logger)
        {
            GivesWay = IsCrowded,
            IsWanted = () => Volatile.Read(ref _open) > Threads,
            TakesThread = () => !IsCrowded() && TakeThread(),
            ThreadEnded = FreeThread,
        };
        Count(connection);
        connection.Start(TakeThread());
        return connection;
    }

    private ConnectionContext Looped(Socket socket)
    {
        var connection = _looped.Create(socket);
        Count(connection);
        return connection;
    }

    private void Count(ConnectionContext connection) => connection.ConnectionClosed.UnsafeRegister(static s => Interlocked.Decrement(ref ((HttpApiListeners)s!)._open), this);
}
