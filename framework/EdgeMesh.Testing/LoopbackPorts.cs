using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.Testing;

/// <summary>Free ports for listeners that must be told their port. They lie below the range that outgoing connections take from, so
/// nothing slips in between the look and the bind; each is given out once in a process.</summary>
public static class LoopbackPorts
{
    private const int First = 20_000;
    private const int Count = 12_000;

    // Ports are the machine's, so the counter is the process's. Test processes that run beside each other have numbers next to each other: they begin far apart.
    private static int next = (int)(Environment.ProcessId * 7417L % Count);

    /// <summary>A port that nobody listens on.</summary>
    /// <exception cref="InvalidOperationException">All are taken.</exception>
    public static int Take()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
