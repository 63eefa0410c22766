using System.Net;
using System.Net.Sockets;
using EdgeMesh.Sidecar.CommandLine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.CommandLine;

/// <summary>Waits for the ports of the APIs.</summary>
public sealed class PortWaitTests
{
    [Fact]
    public async Task Wait_OnEveryAddress_LastsWhileThePortIsTakenByIPv4()
    {
        var clock = new FakeTimeProvider();
        using var before = new TcpListener(IPAddress.Any, 0);
        before.Start();
        var port = ((IPEndPoint)before.LocalEndpoint).Port;
        var options = new SidecarOptions { Namespace = "core", Clock = clock, ListenAddresses = ["::"], Apps = [new SidecarAppOptions { AppId = "alpha", HttpPort = port }] };
        using var log = new SidecarLog(TextWriter.Null, new SidecarSettings(options, LogLevel.Information, LogAsJson: false));

        var waiting = PortWait.RunAsync(options, log, TestSidecar.Cancellation);
        Assert.False(waiting.IsCompleted);
        before.Stop();
        clock.Advance(TimeSpan.FromSeconds(1));
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);
    }
}
