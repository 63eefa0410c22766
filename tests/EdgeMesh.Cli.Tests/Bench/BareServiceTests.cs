using EdgeMesh.Cli.Bench;

namespace EdgeMesh.Cli.Tests.Bench;

public sealed class BareServiceTests
{
    [Fact]
    public async Task Call_IsAnsweredWithWhatWasSent_OverTls()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "calls are measured on Linux alone");
        using var bare = await BareService.StartAsync(TestContext.Current.CancellationToken);

        var figures = await PacedCalls.RunAsync(1000, TimeSpan.FromSeconds(0.1), bare.Connect, TestContext.Current.CancellationToken);

        Assert.Equal((100, 0), (figures.Microseconds.Count, figures.Failed));
        Assert.InRange(figures.AchievedPerSecond, 1, 1010);
    }
}
