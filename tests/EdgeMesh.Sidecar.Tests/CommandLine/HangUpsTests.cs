using System.Threading.Channels;
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

    [Fact]
    public async Task Ask_ARunFileThatChanged_ReadsItAnew()
    {
        var folder = TestSidecar.TemporaryFolder();
        var file = Path.Combine(folder, "dapr.yaml");
        await File.WriteAllTextAsync(file, "version: 1\napps: [{ appID: orders }]\n", TestSidecar.Cancellation);
        var hangUps = new HangUps();
        using var stop = new CancellationTokenSource();
        var said = new Output();
        using var error = new StringWriter();
        var run = SidecarCommandLine.RunAsync(["--run-file", file], new Dictionary<string, string>(), said, error, hangUps, stop.Token);
        await said.SeeAsync("app id: orders;");
        await File.WriteAllTextAsync(file, "version: 1\napps: [{ appID: orders }, { appID: stock }]\n", TestSidecar.Cancellation);
        hangUps.Ask();
        await said.SeeAsync("app id: stock;");
        await File.WriteAllTextAsync(file, "version: 1\napps: []\n", TestSidecar.Cancellation);
        hangUps.Ask();
        Assert.Equal(1, await run.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation));
        Assert.Contains("'apps' must list at least one app", error.ToString(), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static Task<SidecarHost> StartAsync() =>
        SidecarHost.StartAsync(new SidecarOptions { Namespace = "core", Apps = [new SidecarAppOptions { AppId = "alpha" }] }, NullLoggerFactory.Instance, TestSidecar.Cancellation);

    private sealed class Output : StringWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public override void WriteLine(string? value) => _lines.Writer.TryWrite(value ?? "");

        public async Task SeeAsync(string text)
        {
            while (!(await _lines.Reader.ReadAsync(TestSidecar.Cancellation)).Contains(text, StringComparison.Ordinal))
            {
                // Another line.
            }
        }
    }
}
