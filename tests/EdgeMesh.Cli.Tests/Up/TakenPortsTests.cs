using System.Net;
using System.Net.Sockets;
using EdgeMesh.Cli.Tests.Commands;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Tests.Up;

public sealed class TakenPortsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Find_ListenerOfThisProcess_NamesPortUserAndOwner()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var taken = Assert.Single(TakenPorts.Find([new(port, "core", "records (http)")]));

        Assert.StartsWith($"{port} (core/records (http)) is taken", taken.ToString(), StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains($"process {Environment.ProcessId} ", taken.Owner, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Up_OnePortTaken_NamesItAndStartsNothing()
    {
        // A shift where the whole block is free but for the port that the test takes.
        var (shift, listener) = Take("clinic-a");
        using (listener)
        {
            var result = await RunResult.OfAsync("up", "--port-shift", $"{shift}", "--topology", Repository.Topology, "--data-dir", folder.File("data"));

            Assert.Equal(1, result.Code);
            Assert.Contains("1 port of the mesh is taken; nothing was started", result.Error, StringComparison.Ordinal);
            Assert.Contains("(clinic-a/records (http)) is taken", result.Error, StringComparison.Ordinal);
            Assert.Contains("--port-shift", result.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(folder.File("data")));
        }
    }

    private static (int Shift, TcpListener Listener) Take(string siteName)
    {
        var house = TopologyReader.Read(Repository.Topology).Topology!;
        for (var shift = 15_000; shift < 25_000; shift += 500)
        {
            var topology = house with { PortShift = shift };
            if (TakenPorts.Find(topology.AllPorts().Where(p => !p.OnlyDaprd)).Count > 0)
            {
                continue;
            }

            var listener = new TcpListener(IPAddress.Loopback, topology.AppPort(topology.FindSite(siteName)!, "records"));
            listener.Start();
            return (shift, listener);
        }

        throw new InvalidOperationException("no free block of ports");
    }
}
