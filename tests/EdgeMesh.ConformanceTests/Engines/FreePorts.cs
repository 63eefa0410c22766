using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>Ports for a process that can't choose its own. Below the ephemeral range, so nobody's outgoing connection takes one
/// between the look and the bind.</summary>
internal static class FreePorts
{
    private static int _next = 21000 + Environment.ProcessId * 13 % 9000;

    public static int Take()
    {
        for (var tries = 0; tries < 2000; tries++)
        {
            var port = 20000 + Interlocked.Increment(ref _next) % 12000;
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

        throw new InvalidOperationException("No free port between 20000 and 32000.");
    }
}
