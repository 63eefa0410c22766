using System.Diagnostics;
using System.Globalization;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>Starts the process that logs and ships, kills it at random, and remembers what it had synced.</summary>
internal sealed class KilledRuns(string folder, string url, string stream, Random random)
{
    private const int Spread = 1_000_000;

    private readonly List<(int From, int To)> _synced = [];

    public async Task RunAndKillAsync(TimeSpan longest)
    {
        var first = _synced.Count * Spread;
        var start = new ProcessStartInfo(Environment.ProcessPath!, [ShippingProcess.Command, folder, url, stream, first.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            // Its life begins when it logs, however long the machine took to start it.
            var last = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The shipping process ended by itself.");
            var rest = process.StandardOutput.ReadToEndAsync();
            await Task.Delay(longest * random.NextDouble());
            process.Kill();
            var lines = (await rest).Split('\n');
            _synced.Add((first, int.Parse(lines.Length > 1 ? lines[^2] : last, CultureInfo.InvariantCulture)));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    public void AssertOnceEach(IEnumerable<string> messages)
    {
        var numbers = messages.Select(m => int.Parse(m.AsSpan("event ".Length), CultureInfo.InvariantCulture)).ToList();
        var there = numbers.ToHashSet();
        Assert.Equal(there.Count, numbers.Count);
        Assert.All(_synced, run => Assert.True(Enumerable.Range(run.From, run.To - run.From).All(there.Contains), $"of {run.From} to {run.To} some are missing"));
        Assert.True(_synced.Sum(run => run.To - run.From) > _synced.Count * 10, "the runs were too short to mean anything");
    }
}
