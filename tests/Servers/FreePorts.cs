using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.Tests.Servers;

/// <summary>Ports for a process that can't choose its own. Below the ephemeral range, so nobody's outgoing connection takes one
/// between the look and the bind.</summary>
internal static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;

    /// <summary>Test processes that run beside each other have numbers next to each other: they begin far apart, and half the range from where the test host
    /// of the same process does.</summary>
    private static int _next = (int)(((Environment.ProcessId * 7417L) + (Count / 2)) % Count);

    public static int Take()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; the next one.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {First + Count - 1} is free.");
    }
}
