using System.Diagnostics;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>A process that logs and ships is killed at random, again and again, while its index loses answers and rolls over.</summary>
public sealed class KillTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task Kill_SixTimesAtRandom_LeavesNoGapAndNoDuplicate() => KillAsync(times: 6, seed: 1);

    [Fact]
    [Trait("Category", "Long")]
    public Task Kill_AHundredTimesAtRandom_LeavesNoGapAndNoDuplicate() => KillAsync(times: 100, seed: 2);

    public void Dispose() => _folder.Dispose();

    private async Task KillAsync(int times, int seed)
    {
        var index = new FakeIndex(TimeProvider.System)
        {
            Breaks = r => r.Path.Contains("/_bulk", StringComparison.Ordinal) && Random.Shared.Next(10) == 0 ? Trouble.AnswerLost : null,
        };
        await using var server = await FakeIndexServer.StartAsync(index, Cancellation);
        var runs = new KilledRuns(_folder.Path, server.Url, "logs-edgemesh-kill", new Random(seed));
        for (var n = 0; n < times; n++)
        {
            await runs.RunAndKillAsync(TimeSpan.FromMilliseconds(400));
            index.Rollover();
        }

        index.Breaks = _ => null;
        await DrainAsync(server.Url);
        runs.AssertOnceEach(index.Messages);
    }

    private async Task DrainAsync(string url)
    {
        var options = new LogShippingOptions { Url = new Uri(url), Spool = new LogSpoolOptions { Folder = _folder.Path }, Stream = "logs-edgemesh-kill", Linger = TimeSpan.FromMilliseconds(1) };
        using var shipping = LogShipping.Take(options, new TelemetryIdentity("clinic-a", "records"), TimeProvider.System);
        Assert.True(await shipping.Spool.FlushAsync());
        var started = Stopwatch.StartNew();
        while (shipping.Spool.Status.BacklogRecords > 0)
        {
            Assert.True(started.Elapsed < TimeSpan.FromSeconds(60), shipping.Status.ToString());
            await Task.Delay(20, Cancellation);
        }
    }
}
