using System.CommandLine;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> CommandPaths
    {
        get
        {
            var screen = new Screen(TextWriter.Null, TextWriter.Null, isTerminal: false);
            return [.. Paths(CommandLine.Create(screen), []).Where(p => p != SidecarCommand.CommandName)];
        }
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(CommandPaths))]
    public async Task Help_EveryCommand_HasDescriptionAndExamples(string path)
    {
        var result = await RunResult.OfAsync([.. path.Split(' '), "--help"]);

        Assert.Equal(0, result.Code);
        Assert.Contains("Description:", result.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
        Assert.Contains($"./edgemesh {path.Split(' ')[0]}", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoSuchCommand_NamesItAndThoseThatThereAre()
    {
        var result = await RunResult.OfAsync("frobnicate");

        Assert.Equal(ExitCode.WrongUsage, result.Code);
        Assert.Contains("there is no command 'frobnicate'. Commands: demo, test, up,", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_Root_ShowsFirstStepsAndExitCodes()
    {
        var result = await RunResult.OfAsync("--help");

        Assert.Equal(0, result.Code);
        Assert.Contains("./edgemesh demo", result.Output, StringComparison.Ordinal);
        Assert.Contains("2 wrong usage", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("frobnicate")]
    [InlineData("up --engine kubernetes")]
    [InlineData("up --port-shift -1")]
    [InlineData("token --user a --site core")]
    [InlineData("token --user a --role king --site core")]
    [InlineData("link cut core")]
    [InlineData("link slow core clinic-a")]
    [InlineData("link cut core clinic-z")]
    [InlineData("records load /nowhere --site clinic-a")]
    [InlineData("records load . --site clinic-a --parallel 0")]
    [InlineData("run-file clinic-z")]
    [InlineData("site clinic-z")]
    [InlineData("demo --data /nowhere")]
    [InlineData("bench mesh --load /nowhere")]
    public async Task Run_WrongUsage_IsTwoAndNamesTheMend(string line)
    {
        var result = await RunResult.OfAsync([.. line.Split(' '), "--topology", Repository.Topology, "--data-dir", folder.File("data")]);

        Assert.Equal(ExitCode.WrongUsage, result.Code);
        Assert.True(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length >= 2, result.Error);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("down")]
    [InlineData("status")]
    [InlineData("link cut core clinic-a")]
    [InlineData("site clinic-a")]
    [InlineData("token --user a --role auditor --site core")]
    public async Task Run_WithoutAMesh_IsOneAndSaysHowToStart(string line)
    {
        var result = await RunResult.OfAsync([.. line.Split(' '), "--topology", Repository.Topology, "--data-dir", folder.File("data")]);

        Assert.Equal(ExitCode.Failed, result.Code);
        Assert.Contains("./edgemesh", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_DataFolderCantBeMade_IsOneWithTheReasonAndNoTrace()
    {
        var file = folder.File("taken");
        await File.WriteAllTextAsync(file, "a file where the folder should be", TestContext.Current.CancellationToken);

        var result = await RunResult.OfAsync("keys", "--topology", Repository.Topology, "--data-dir", Path.Combine(file, "data"));

        Assert.Equal(ExitCode.Failed, result.Code);
        Assert.StartsWith("edgemesh: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_JsonWithoutAMesh_ListsEverySiteAsDown()
    {
        var result = await RunResult.OfAsync("status", "--json", "--topology", Repository.Topology, "--data-dir", folder.File("data"));

        using var json = System.Text.Json.JsonDocument.Parse(result.Output);
        var sites = json.RootElement.GetProperty("sites");
        Assert.Equal(3, sites.GetArrayLength());
        Assert.Equal("down", sites[1].GetProperty("state").GetString());
        Assert.Equal("https://127.0.0.1:7201", sites[1].GetProperty("gateway").GetString());
        Assert.False(sites[1].GetProperty("services")[0].GetProperty("ready").GetBoolean());
    }

    [Fact]
    public async Task Up_FaultyTopology_ListsEveryFaultAndStartsNothing()
    {
        var file = folder.File("tye.yaml");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(Repository.Topology, TestContext.Current.CancellationToken))
            .Replace("role: edge", "roel: edge", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var result = await RunResult.OfAsync("up", "--topology", file, "--data-dir", folder.File("data"));

        Assert.Equal(ExitCode.Failed, result.Code);
        Assert.Contains("2 faults", result.Error, StringComparison.Ordinal);
        Assert.Contains("extensions[1].sites[1].roel: unknown key", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data")));
    }

    [Fact]
    public async Task Up_PortShiftTooHigh_NamesTheLimit()
    {
        var result = await RunResult.OfAsync("up", "--port-shift", "30000", "--topology", Repository.Topology, "--data-dir", folder.File("data"));

        Assert.Equal(ExitCode.Failed, result.Code);
        Assert.Contains("32768", result.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Paths(Command command, IReadOnlyList<string> above)
    {
        foreach (var child in command.Subcommands.Where(c => !c.Hidden))
        {
            IReadOnlyList<string> path = [.. above, child.Name];
            yield return string.Join(' ', path);
            foreach (var below in Paths(child, path))
            {
                yield return below;
            }
        }
    }
}
