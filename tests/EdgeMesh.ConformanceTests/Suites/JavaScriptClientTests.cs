using System.Diagnostics;
using System.Globalization;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>A client that we did not write: npm's <c>@dapr/dapr</c>, in the version of the lock file beside the script.</summary>
[Trait("Category", "Engines")]
public sealed class JavaScriptClientTests(EmbeddedBlocksFixture fixture) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-javascript-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_EveryBlockThatItHas_Works()
    {
        var dapr = await fixture.RunningAsync();
        await fixture.SetAsync("javascript", "set");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "JavaScript")))
        {
            File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
        }

        await RunAsync("npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var changing = ChangeAsync(stop.Token);
        var said = await RunAsync("node", "client.mjs", Port(dapr.Engine.Http("alpha")), Port(dapr.Engine.Grpc("alpha")), EngineSetup.ApiToken);
        await stop.CancelAsync();
        await changing;
        Assert.EndsWith("all held", said.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("javascript", (await dapr.Alpha.NextAsync("job-javascript", Cancellation)).Json.GetProperty("from").GetString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The script says when it watches, and nobody else knows: changed until it has seen it.</summary>
    private async Task ChangeAsync(CancellationToken cancellation)
    {
        for (var n = 0; !cancellation.IsCancellationRequested; n++)
        {
            await fixture.SetAsync("javascript-watched", $"changed {n}");
            await Task.WhenAny(Task.Delay(200, cancellation));
        }
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        using var process = Process.Start(new ProcessStartInfo(EngineFiles.Find(program), arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{program} exited with {process.ExitCode}:\n{await output}\n{await error}");
            return await output;
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static string Port(Uri address) => address.Port.ToString(CultureInfo.InvariantCulture);
}
