using System.Diagnostics;
using System.Threading.Channels;
using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Tests.Up;

public sealed class KeptProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>As every service and sidecar of a site on daprd runs.</summary>
    [Fact]
    public async Task Run_ProcessOnTheLeashThatIsKilled_IsStartedAgain()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var again = new TaskCompletionSource();
        var kept = new KeptProcess("killed", () => new ProcessStartInfo("/bin/sh", ["-c", DaprdSite.Leash, "killed", "/bin/sh", "-c", "kill -9 $$"]), TimeProvider.System, (_, line) =>
        {
            if (line.Contains("starting it again", StringComparison.Ordinal))
            {
                again.TrySetResult();
            }
        });
        var running = kept.RunAsync(over.Token);

        await again.Task.WaitAsync(Limit, TestContext.Current.CancellationToken);
        await over.CancelAsync();
        await running;
    }

    /// <summary>As a sidecar whose service has died.</summary>
    [Fact]
    public async Task Kill_OfAProcessOnTheLeash_EndsItAndStartsAnother()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var (runs, deaths) = (Channel.CreateUnbounded<string>(), 0);
        var kept = new KeptProcess(
            "sidecar", () => new ProcessStartInfo("/bin/sh", ["-c", DaprdSite.Leash, "sidecar", "/bin/sh", "-c", "echo runs as $$; exec sleep 1000"]), TimeProvider.System,
            (_, line) => { if (line.StartsWith("runs as ", StringComparison.Ordinal)) { runs.Writer.TryWrite(line); } }, () => Interlocked.Increment(ref deaths));
        var running = kept.RunAsync(over.Token);

        var first = await runs.Reader.ReadAsync(over.Token).AsTask().WaitAsync(Limit, over.Token);
        kept.Kill();
        Assert.NotEqual(first, await runs.Reader.ReadAsync(over.Token).AsTask().WaitAsync(Limit, over.Token));
        var program = $"/proc/{first["runs as ".Length..]}/cmdline";
        Assert.False(File.Exists(program) && File.ReadAllText(program).StartsWith("sleep", StringComparison.Ordinal), "the program under the leash lives on");

        await over.CancelAsync();
        await running;
        // Being stopped is no death.
        Assert.Equal(1, deaths);
    }
}
