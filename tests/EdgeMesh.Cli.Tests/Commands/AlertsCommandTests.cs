using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Tests.Commands;

public sealed class AlertsCommandTests
{
    [Theory]
    [InlineData("4x")]
    [InlineData("h")]
    [InlineData("-1h")]
    [InlineData("0m")]
    public async Task Silence_ForATimeThatIsNone_SaysHowToWriteOne(string time)
    {
        var result = await RunResult.OfAsync("alerts", "silence", "--rule", "disk-low", $"--for={time}", "--why", "works", "--topology", Repository.Topology);

        Assert.Equal(ExitCode.WrongUsage, result.Code);
        Assert.Contains("give a time such as 30m, 4h or 2d", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_WithoutAMesh_SaysHowToStartOne()
    {
        using var folder = new TemporaryFolder();

        var result = await RunResult.OfAsync("alerts", "list", "--topology", Repository.Topology, "--data-dir", folder.File("data"));

        Assert.Equal(ExitCode.Failed, result.Code);
        Assert.Contains("./edgemesh up -d", result.Error, StringComparison.Ordinal);
    }
}
