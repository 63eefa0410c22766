using System.Diagnostics;
using EdgeMesh.Sidecar;
using EdgeMesh.Testing.Tests.GrpcApps;
using Microsoft.AspNetCore.Builder;

namespace EdgeMesh.Testing.Tests;

/// <summary>Figures by hand: <c>-explicit only -method "*Figures*"</c>.</summary>
public sealed class StartFigures
{
    [Theory(Explicit = true)]
    [InlineData(1, AppProtocol.Http)]
    [InlineData(5, AppProtocol.Http)]
    [InlineData(1, AppProtocol.Grpc)]
    public async Task Start_ToReady_PrintsItsTimes(int apps, AppProtocol protocol)
    {
        var times = new List<double>();
        for (var run = 0; run < 30; run++)
        {
            var began = Stopwatch.GetTimestamp();
            await using var host = await DaprTestHost.StartAsync(
                new() { Apps = [.. Enumerable.Range(0, apps).Select(i => new TestApp($"app{i}", protocol == AppProtocol.Grpc ? Talker.Create : builder => builder.Build()) { Protocol = protocol })] }, TestContext.Current.CancellationToken);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        var first = times[0];
        times.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine($"{apps} apps, {protocol}: first {first:F0} ms, p50 {times[15]:F0} ms, max {times[^1]:F0} ms");
    }
}
