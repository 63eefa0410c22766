using System.Diagnostics;
using System.Globalization;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Store;

namespace EdgeMesh.Services.Monitor.Tests.Forward;

/// <summary>A site's monitor as a process of its own is killed at random while it stores and forwards, over a link that loses answers.</summary>
public sealed class KillTests
{
    private const int Spread = 1_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Kill_FiveTimesAtRandom_LeavesTheCoreWithWhatTheSiteHas_OnceEach() => KillAsync(times: 5, seed: 1);

    [Fact]
    [Trait("Category", "Long")]
    public Task Kill_AHundredTimesAtRandom_LeavesTheCoreWithWhatTheSiteHas_OnceEach() => KillAsync(times: 100, seed: 2);

    private static async Task KillAsync(int times, int seed)
    {
        var random = new Random(seed);
        await using var link = await CoreLink.StartAsync();
        await link.Edge.Store.DisposeAsync();
        var stored = new List<(int From, int To)>();
        for (var run = 0; run < times; run++)
        {
            stored.Add((run * Spread, await RunAndKillAsync(link, run * Spread, random)));
        }

        link.State = LinkState.Open;
        await link.RestartAsync();
        // What failed on the way before may be behind a pause.
        for (var turn = 0; turn < 1000 && link.Edge.Store.ReadOutgoing() is not { Records: 0 }; turn++)
        {
            await link.TurnAsync();
        }

        var (there, here) = (Numbers(link.Core.Store), Numbers(link.Edge.Store));
        Assert.Equal(here, there);
        Assert.Equal(there.Count, there.Distinct().Count());
        Assert.All(stored, run => Assert.Empty(Enumerable.Range(run.From, run.To - run.From).Except(there)));
        Assert.True(stored.Sum(run => run.To - run.From) > times * 10, "the runs were too short to mean anything");
    }

    /// <summary>The first number that was not yet said to be stored.</summary>
    private static async Task<int> RunAndKillAsync(CoreLink link, int first, Random random)
    {
        link.State = LinkState.LosesAnswers;
        var start = new ProcessStartInfo(Environment.ProcessPath!, [ForwardingProcess.Command, link.Edge.Folder, link.Url, first.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        try
        {
            // Its life begins when it stores, however long the machine took to start it.
            var last = await process.StandardOutput.ReadLineAsync(Cancellation) ?? throw new InvalidOperationException("The forwarding process ended by itself.");
            var rest = process.StandardOutput.ReadToEndAsync(Cancellation);
            await Task.Delay(TimeSpan.FromMilliseconds(100 * random.NextDouble()), Cancellation);
            link.State = LinkState.Open;
            await Task.Delay(TimeSpan.FromMilliseconds(300 * random.NextDouble()), Cancellation);
            process.Kill();
            var lines = (await rest).Split('\n');
            return int.Parse(lines.Length > 1 ? lines[^2] : last, CultureInfo.InvariantCulture);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Cancellation);
        }
    }

    private static List<int> Numbers(TelemetryStore store)
    {
        var (numbers, next) = (new List<int>(), (long?)null);
        do
        {
            var page = store.FindLogs(new LogQuery { Site = TemporaryStore.Site, Limit = LogQuery.MostLines, Before = next }, Cancellation);
            numbers.AddRange(page.Lines.Select(l => int.Parse(l.Message.AsSpan("line ".Length), CultureInfo.InvariantCulture)));
            next = page.Next;
        }
        while (next is not null);

        numbers.Sort();
        return numbers;
    }
}
