using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using EdgeMesh.Sidecar.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Sidecar.Tests.Connections;

/// <summary>A caller and what was accepted of it.</summary>
internal sealed class ConnectedPair : IAsyncDisposable
{
    /// <summary>None of the tests needs it: what hangs, fails.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private ConnectedPair(Socket caller, OwnThreadConnection connection) => (Caller, Connection) = (caller, connection);

    public Socket Caller { get; }

    public OwnThreadConnection Connection { get; }

    public PipeReader Calls => Connection.Transport.Input;

    public PipeWriter Answers => Connection.Transport.Output;

    public static async Task<ConnectedPair> StartAsync(long mostRead = 0, long mostWritten = 0, Func<bool>? givesWay = null, Action? threadEnded = null, Func<bool>? isWanted = null, Func<bool>? takesThread = null)
    {
        var (caller, accepted) = await ConnectAsync();
        var connection = new OwnThreadConnection(accepted, MemoryPool<byte>.Shared, mostRead, mostWritten, NullLogger.Instance)
        {
            GivesWay = givesWay ?? (() => false),
            IsWanted = isWanted ?? (() => false),
            TakesThread = takesThread ?? (() => false),
            ThreadEnded = threadEnded ?? (() => { }),
        };
        connection.Start(hasThread: true);
        return new ConnectedPair(caller, connection);
    }

    public static async Task<(Socket Caller, Socket Accepted)> ConnectAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var caller = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await caller.ConnectAsync(listener.LocalEndpoint);
        return (caller, await listener.AcceptSocketAsync());
    }

    public async ValueTask DisposeAsync()
    {
        Caller.Dispose();
        await Connection.DisposeAsync().AsTask().WaitAsync(Patience);
    }
}
