using System.Diagnostics;
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
}
