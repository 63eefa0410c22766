using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace EdgeMesh.Cli.Links;

/// <summary>One connection through a relay: bytes both ways, each as late as the relay says.</summary>
internal sealed class RelayedConnection(Socket near, int target, LinkRelay relay, TimeProvider clock)
{
    private const int ChunkSize = 64 * 1024;
    private const int MostChunksUnderway = 64;

    private readonly Socket far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    public async Task RunAsync(CancellationToken cancellation)
    {
        near.NoDelay = true;
        await far.ConnectAsync(IPAddress.Loopback, target, cancellation);
        await Task.WhenAll(PassAsync(near, far, cancellation), PassAsync(far, near, cancellation));
    }

    /// <summary>Resets both ends: nothing lingers, and nothing more arrives.</summary>
    public void Abort()
    {
        Reset(near);
        Reset(far);
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }

        socket.Dispose();
    }

    private async Task PassAsync(Socket from, Socket to, CancellationToken cancellation)
    {
        var underway = Channel.CreateBounded<Chunk>(MostChunksUnderway);
        var delivering = DeliverAsync(underway.Reader, to, cancellation);
        var buffer = new byte[ChunkSize];
        try
        {
            while (await from.ReceiveAsync(buffer, cancellation) is > 0 and var read)
            {
                var due = clock.GetTimestamp() + (long)(relay.Delay.TotalSeconds * clock.TimestampFrequency);
                await underway.Writer.WriteAsync(new(due, buffer.AsMemory(0, read).ToArray()), cancellation);
            }
        }
        finally
        {
            underway.Writer.TryComplete();
        }

        await delivering;
        to.Shutdown(SocketShutdown.Send);
    }

    private async Task DeliverAsync(ChannelReader<Chunk> underway, Socket to, CancellationToken cancellation)
    {
        await foreach (var chunk in underway.ReadAllAsync(cancellation))
        {
            var wait = clock.GetElapsedTime(clock.GetTimestamp(), chunk.Due);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, clock, cancellation);
            }

            for (var rest = chunk.Bytes; rest.Length > 0;)
            {
                rest = rest[await to.SendAsync(rest, cancellation)..];
            }
        }
    }

    /// <param name="Due">The timestamp before which the bytes may not arrive.</param>
    private readonly record struct Chunk(long Due, ReadOnlyMemory<byte> Bytes);
}
