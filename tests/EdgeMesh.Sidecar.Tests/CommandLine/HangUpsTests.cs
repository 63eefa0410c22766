using EdgeMesh.Sidecar.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Sidecar.Tests.CommandLine;

/// <summary>Hang-ups that come when no host serves.</summary>
public sealed class HangUpsTests
{
    [Fact]
    public async Task Watch_AHostThatStartedWhileOneCame_StopsIt()
    {
        var hangUps = new HangUps();
        hangUps.Ask();
        await using var host = await StartAsync();
        using var watching = hangUps.Watch(host);
        Assert.True(host.Stopping.IsCancellationRequested);
        Assert.True(hangUps.IsAsked);
    }

    [Fact]
    public async Task Watch_AfterAllWasReadAnew_StopsNothing_UntilAnotherComes()
    {
        var hangUps = new HangUps();
        hangUps.Ask();
        hangUps.Forget();
        await using var host = await StartAsync();
        using (hangUps.Watch(host))
        {
            Assert.False(host.Stopping.IsCancellationRequested);
            hangUps.Ask();
            Assert.True(host.Stopping.IsCancellationRequested);
        }
    }

    [Fact]
    public async Task Ask_WhileAHostEnds_IsForTheNext()
    {
        var hangUps = new HangUps();
        await using var host = await StartAsync();
        hangUps.Watch(host).Dispose();
        hangUps.Ask();
        Assert.False(host.Stopping.IsCancellationRequested);
        Assert.True(hangUps.IsAsked);
    }

    private static Task<SidecarHost> StartAsync() =>
        SidecarHost.StartAsync(new SidecarOptions { Namespace = "core", Apps = [new SidecarAppOptions { AppId = "alpha" }] }, NullLoggerFactory.Instance, TestSidecar.Cancellation);
}
