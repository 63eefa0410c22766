using System.Net.Sockets;
using EdgeMesh.Sidecar.Connections;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace EdgeMesh.Sidecar.Tests.Connections;

public sealed class HttpApiListenersTests : IAsyncDisposable
{
    private readonly HttpApiListeners _listeners = new(Options.Create(new SocketTransportOptions()), new SharedMemory(), NullLoggerFactory.Instance);
    private readonly List<(Socket Caller, ConnectionContext Connection)> _connections = [];

    [Fact]
    public async Task Take_MoreConnectionsThanThreads_GivesTheFirstOnesThreadsAndTheNextWhenOneEnds()
    {
        await ConnectAsync(1);
        Assert.Equal(1, _listeners.Threads);
        await ConnectAsync(HttpApiListeners.MostThreads);
        Assert.Equal(HttpApiListeners.MostThreads, _listeners.Threads);

        _connections[0].Caller.Dispose();
        await ThreadsAreAsync(HttpApiListeners.MostThreads - 1);
        await ConnectAsync(1);

        Assert.Equal(HttpApiListeners.MostThreads, _listeners.Threads);
    }

    /// <summary>Those that came first are a pool's that nobody uses, for example.</summary>
    [Fact]
    public async Task Threads_OfIdleConnections_GoToTheOneThatIsBusy()
    {
        await ConnectAsync(HttpApiListeners.MostThreads + 1);
        var (caller, connection) = _connections[^1];
        await ThreadsAreAsync(0);

        string? thread = null;
        for (var calls = 0; calls < OwnThreadConnection.BusyReads + 2; calls++)
        {
            var reading = ThreadOfReadAsync();
            caller.Send("call"u8);
            thread = await reading.WaitAsync(ConnectedPair.Patience, TestContext.Current.CancellationToken);
        }

        Assert.Equal(("EdgeMesh connection", 1), (thread, _listeners.Threads));

        async Task<string?> ThreadOfReadAsync()
        {
            var read = await connection.Transport.Input.ReadAsync(TestContext.Current.CancellationToken);
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            return Thread.CurrentThread.Name;
        }
    }

    [Fact]
    public async Task Threads_InACrowd_GiveWayWithTheirNextCall()
    {
        await ConnectAsync(HttpApiListeners.Crowd + 1);
        foreach (var (caller, _) in _connections.Take(HttpApiListeners.MostThreads))
        {
            caller.Send("call"u8);
        }

        await ThreadsAreAsync(0);
        await ConnectAsync(1);
        Assert.IsNotType<OwnThreadConnection>(_connections[^1].Connection);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (caller, connection) in _connections)
        {
            caller.Dispose();
            await connection.DisposeAsync().AsTask().WaitAsync(ConnectedPair.Patience);
        }

        await _listeners.DisposeAsync();
    }

    private async Task ConnectAsync(int count)
    {
        for (var n = 0; n < count; n++)
        {
            var (caller, accepted) = await ConnectedPair.ConnectAsync();
            _connections.Add((caller, _listeners.Take(accepted)!));
        }
    }

    private async Task ThreadsAreAsync(int expected)
    {
        using var patience = new CancellationTokenSource(ConnectedPair.Patience);
        while (_listeners.Threads != expected)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), patience.Token);
        }
    }

    private sealed class SharedMemory : IMemoryPoolFactory<byte>
    {
        public System.Buffers.MemoryPool<byte> Create(MemoryPoolOptions? options = null) => System.Buffers.MemoryPool<byte>.Shared;
    }
}
