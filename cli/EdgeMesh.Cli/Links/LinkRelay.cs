using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.Cli.Links;

/// <summary>One direction of a link: listens where a site looks for its peer, and passes bytes on to the peer's mesh door.
/// Owned by <c>edgemesh up</c>. Cut, it resets what is open and whatever comes; the sites see a link that is down.</summary>
internal sealed class LinkRelay : IAsyncDisposable
{
    private const int MostConnections = 512;

    private readonly TcpListener listener;
    private readonly int target;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource stopping = new();
    private readonly HashSet<RelayedConnection> open = [];
    private readonly Lock gate = new();
    private Task accepting = Task.CompletedTask;
    private bool isCut;
    private TimeSpan delay;

    public LinkRelay(int port, int target, TimeProvider clock)
    {
        listener = new(IPAddress.Loopback, port);
        this.target = target;
        this.clock = clock;
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public bool IsCut => Volatile.Read(ref isCut);

    /// <summary>How late bytes arrive; existing connections change too.</summary>
    public TimeSpan Delay
    {
        get => delay;
        set => delay = value;
    }

    public void Start()
    {
        listener.Start();
        accepting = AcceptLoop.RunAsync(listener.AcceptSocketAsync, Take, clock, stopping.Token);
    }

    public void Cut()
    {
        RelayedConnection[] connections;
        lock (gate)
        {
            isCut = true;
            connections = [.. open];
            open.Clear();
        }

        foreach (var connection in connections)
        {
            connection.Abort();
        }
    }

    public void Restore()
    {
        lock (gate)
        {
            isCut = false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        Cut();
        await accepting;
        stopping.Dispose();
    }

    private void Take(Socket socket)
    {
        var connection = new RelayedConnection(socket, target, this, clock);
        if (TryAdd(connection))
        {
            _ = ServeAsync(connection, stopping.Token);
        }
        else
        {
            connection.Abort();
        }
    }

    private bool TryAdd(RelayedConnection connection)
    {
        lock (gate)
        {
            return !isCut && open.Count < MostConnections && open.Add(connection);
        }
    }

    private async Task ServeAsync(RelayedConnection connection, CancellationToken cancellation)
    {
        try
        {
            await connection.RunAsync(cancellation);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // One end is gone: the other learns it by the reset below.
        }
        finally
        {
            lock (gate)
            {
                open.Remove(connection);
            }

            connection.Abort();
        }
    }
}
