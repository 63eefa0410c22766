using System.Diagnostics;

namespace EdgeMesh.Functions.Tests;

/// <summary>Figures by hand: <c>-explicit only -method "*Figures*"</c>.</summary>
public sealed class SandboxFigures : SandboxFixture
{
    [Fact(Explicit = true)]
    public async Task Call_OneAtATime_PrintsItsTimes()
    {
        var echo = Add(Wat.Echo);
        var input = new CallInput { Data = new byte[256], Arguments = ["echo"], Environment = new Dictionary<string, string> { ["PATH_INFO"] = "/" } };
        for (var i = 0; i < 5_000; i++)
        {
            await echo.CallAsync(input, Cancel);
        }

        var (whole, start, run) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < 20_000; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var result = await echo.CallAsync(input, Cancel);
            whole.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            start.Add(result.Usage.Started.TotalMicroseconds);
            run.Add(result.Usage.Ran.TotalMicroseconds);
        }

        foreach (var (name, values) in new[] { ("whole", whole), ("start", start), ("run", run) })
        {
            values.Sort();
            TestContext.Current.TestOutputHelper!.WriteLine($"{name}: p50 {values[10_000]:F0} us, p99 {values[19_800]:F0} us, max {values[^1]:F0} us");
        }
    }

    /// <summary>What places for calls that wait for the host cost while nothing runs.</summary>
    [Fact(Explicit = true)]
    public void Sandbox_Idle_PrintsItsMemory()
    {
        using (new FunctionSandbox(new SandboxOptions(), TimeProvider.System))
        {
            // What any first one costs is not theirs.
        }

        foreach (var places in (int[])[0, 16, 0, 16])
        {
            using var self = Process.GetCurrentProcess();
            var (resident, threads) = (self.WorkingSet64, self.Threads.Count);
            using var sandbox = new FunctionSandbox(new SandboxOptions { WaitingForHost = places }, TimeProvider.System);
            self.Refresh();
            TestContext.Current.TestOutputHelper!.WriteLine($"{places} places: {(self.WorkingSet64 - resident) / 1024} KiB resident, {self.Threads.Count - threads} threads");
        }
    }
}
