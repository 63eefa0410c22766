using System.Globalization;
using System.Text.Json;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Cli.Tests.Commands;

public sealed class AnomalyCommandTests : IDisposable
{
    private const int Spike = 400;
    private readonly TemporaryFolder folder = new();
    private readonly string file;

    public AnomalyCommandTests()
    {
        file = folder.File("series.csv");
        File.WriteAllLines(file, Enumerable.Range(0, 500)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"{new DateTime(2026, 3, 2).AddMinutes(5 * i):yyyy-MM-dd HH:mm:ss},{(i == Spike ? 160 : 97 + (i % 7))}"))
            .Prepend("timestamp,value"));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Run_File_PrintsAScoreForEachPoint()
    {
        var result = await RunResult.OfAsync("anomaly", file);

        Assert.Equal(ExitCode.Done, result.Code);
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(501, lines.Length);
        Assert.StartsWith("timestamp,value,score,alert,", lines[0], StringComparison.Ordinal);
        Assert.Contains(",160,", lines[1 + Spike], StringComparison.Ordinal);
        Assert.Contains(",alert,Value,160,", lines[1 + Spike], StringComparison.Ordinal);
        Assert.Contains("500 points, 1 alerts", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OnlyAlertsAsJson_SaysWhatCameAndWhatWasExpected()
    {
        var result = await RunResult.OfAsync("anomaly", file, "--alerts", "--json");

        using var alert = JsonDocument.Parse(Assert.Single(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        var root = alert.RootElement;
        Assert.Equal("2026-03-03T09:20:00+00:00", root.GetProperty("timestamp").GetString());
        Assert.Equal("value", root.GetProperty("view").GetString());
        Assert.Equal(160, root.GetProperty("observed").GetDouble());
        Assert.InRange(root.GetProperty("expected").GetDouble(), 95, 105);
        Assert.InRange(root.GetProperty("high").GetDouble(), 100, 110);
        Assert.InRange(root.GetProperty("score").GetDouble(), AnomalyDetector.Threshold, 1);
    }

    [Fact]
    public async Task Run_GapsInTheFile_AreScoredZero()
    {
        await File.AppendAllTextAsync(file, "2026-03-03 17:40:00,\n", TestContext.Current.CancellationToken);

        var result = await RunResult.OfAsync("anomaly", file, "--json");

        using var gap = JsonDocument.Parse(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        Assert.Equal(0, gap.RootElement.GetProperty("score").GetDouble());
        Assert.False(gap.RootElement.TryGetProperty("value", out _));
    }

    [Fact]
    public async Task Run_NoSuchFile_IsWrongUsage()
    {
        var result = await RunResult.OfAsync("anomaly", folder.File("none.csv"));

        Assert.Equal(ExitCode.WrongUsage, result.Code);
        Assert.Contains("none.csv", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timestamp,value\n2026-03-02 00:00:00,many\n", "line 2: 'many' is not a number")]
    [InlineData("timestamp,value\n", "holds no point")]
    public async Task Run_NotASeries_FailsAndSaysWhy(string text, string why)
    {
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        var result = await RunResult.OfAsync("anomaly", file);

        Assert.Equal(ExitCode.Failed, result.Code);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
        Assert.Contains("a comma and a number", result.Error, StringComparison.Ordinal);
    }
}
