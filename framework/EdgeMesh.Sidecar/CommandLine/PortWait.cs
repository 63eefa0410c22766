using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>Waits while others have the ports of the APIs, as daprd does: a sidecar that is started anew may come before the one that it
/// follows has gone. Ports that stay taken fail with their names when the server starts.</summary>
internal static class PortWait
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <exception cref="IOException">An address is not this machine's; the message names it.</exception>
    public static async Task RunAsync(SidecarOptions options, SidecarLog log, CancellationToken cancellation)
    {
        IPEndPoint[] asked = [.. options.Apps.Where(a => a.UnixSocketFolder is null)
            .SelectMany(a => options.ListenAddresses.SelectMany(address => new[] { a.HttpPort, a.GrpcPort }.Select(port => new IPEndPoint(IPAddress.Parse(address), port))))];
        var began = options.Clock.GetTimestamp();
        for (var isFirst = true; Array.Find(asked, IsTaken) is { } taken && options.Clock.GetElapsedTime(began) < Patience; isFirst = false)
        {
            if (isFirst)
            {
                log.Say($"{taken} is taken: waiting for it, at most {Patience.TotalSeconds:0} s");
            }

            await Task.Delay(Pause, options.Clock, cancellation);
        }
    }

    private static bool IsTaken(IPEndPoint endpoint)
    {
        using var probe = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (endpoint.Address.Equals(IPAddress.IPv6Any))
        {
            // The server takes it for IPv4 too.
            probe.DualMode = true;
        }

        try
        {
            probe.Bind(endpoint);
            probe.Listen();
            return false;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            throw new IOException($"{endpoint.Address}: this machine has no such address. Name one that it has (--dapr-listen-addresses).", error);
        }
        catch (SocketException error)
        {
            return error.SocketErrorCode == SocketError.AddressAlreadyInUse;
        }
    }
}
