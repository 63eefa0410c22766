using System.Runtime.Versioning;
using EdgeMesh.LoadTests.Measuring;
using EdgeMesh.LoadTests.Scenarios;

namespace EdgeMesh.LoadTests.Tests.Scenarios;

[SupportedOSPlatform("linux")]
public sealed class MonitorFiguresTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("edgemesh-figures-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Read_OutputOfATest_TakesItsFigures() => Assert.Equal(
        new Dictionary<string, double> { ["heldMegabytes"] = 123.4, ["lines"] = 1_000_000 },
        MonitorFigures.Read(["xUnit.net v3", "    Some.Tests.Memory_Stays [OUTPUT] figure: heldMegabytes 123.4 \r", "    Some.Tests.Memory_Stays [OUTPUT] figure: lines 1000000", "    figure: none"]));

    [Fact]
    public void Missed_FigureAboveItsBarOrNotThere_IsNamed() => Assert.Equal(
        ["late above 1000", "gone was not measured"],
        MonitorFigures.Missed(new() { ["late"] = 1000.5, ["fast"] = 1000, ["free"] = 9e9 }, new() { ["late"] = 1000, ["fast"] = 1000, ["gone"] = 1 }));

    [Theory]
    [InlineData("echo figure: heldMegabytes 150", false)]
    [InlineData("echo figure: heldMegabytes 150.1", true)]
    [InlineData("echo figure: heldMegabytes 150; exit 1", true)]
    [InlineData("true", true)]
    public async Task Run_TestThatMissesOrFailsOrSaysNothing_FailsTheReport(string script, bool isMissed)
    {
        Program("EdgeMesh.Services.Monitor.Tests", script);
        var report = new FigureReport(json: true);

        await new MonitorFigures(report, _root).RunAsync(Cancellation);

        Assert.Equal(isMissed, report.Failed);
    }

    private void Program(string project, string script)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_root, "tests", project, "bin", "ready")).FullName, project);
        File.WriteAllText(file, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
