using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Logging;
using static EdgeMesh.Services.Monitor.Tests.Store.TemporaryStore;

namespace EdgeMesh.Services.Monitor.Tests.Store;

public sealed class RetentionTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Store_BeyondItsSize_GivesUpTheOldestOfTheLeastImportantAndCountsIt()
    {
        await using var temporary = new TemporaryStore(new MonitorOptions { StoreBytes = 2 * MiB });
        await temporary.AddAsync(Line("an old error", 0, LogLevel.Error), Line("an old warning", 0, LogLevel.Warning), Line("an old detail", 0, LogLevel.Debug));
        for (var i = 1; i <= 40; i++)
        {
            await temporary.AddAsync([.. Enumerable.Range(0, 100).Select(n => Line($"{new string('x', 1000)} {i}.{n}", i))]);
        }

        await temporary.Store.RunAsync(_ => { });
        Assert.InRange(new FileInfo(temporary.File).Length, MiB, 3 * MiB);
        Assert.InRange(temporary.Store.Status.Bytes, MiB, 2 * MiB);
        Assert.Equal(["an old error", "an old warning"], temporary.Find(new LogQuery { To = Start.AddSeconds(1) }).Lines.Select(l => l.Message).Order());
        Assert.EndsWith(" 40.99", temporary.Find(new LogQuery()).Lines[0].Message, StringComparison.Ordinal);
        var kept = temporary.Count(new LogQuery { From = Start, To = Start.AddSeconds(100), LeastLevel = LogLevel.Trace }, 1);
        var lost = temporary.Store.Status.GivenUp;
        Assert.Equal((1, 4000 - kept.Single(c => c.Level == LogLevel.Information).Lines), (lost["debug-logs"], lost["information-logs"]));
        await temporary.ReopenAsync();
        Assert.Equal(lost, temporary.Store.Status.GivenUp);
    }

    [Fact]
    public async Task Store_WithWhatIsTooOld_DropsItAndCallsThatNoLoss()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(new TelemetryBatch
        {
            Logs = [Line("old")], Spans = [Span("00000000000000000000000000000001", "0000000000000001", null, "old")], Samples = [Sample("old", 1)],
        });
        temporary.Clock.Advance(TimeSpan.FromDays(15));
        await temporary.AddAsync(Line("new", 15 * 86400));
        await temporary.AddAsync(Line("newer", 15 * 86400));

        Assert.Equal(["newer", "new"], temporary.Find(new LogQuery()).Lines.Select(l => l.Message));
        Assert.Empty(temporary.Find(new TraceQuery()));
        Assert.Empty(temporary.Store.FindTrace("00000000000000000000000000000001"));
        Assert.Single(temporary.Store.ListSeries(new SeriesQuery()));
        temporary.Clock.Advance(TimeSpan.FromDays(16));
        await temporary.AddAsync(Line("newest", 31 * 86400));
        await temporary.AddAsync(Line("newest", 31 * 86400));
        Assert.Empty(temporary.Store.ListSeries(new SeriesQuery()));
        Assert.Empty(temporary.Store.Status.GivenUp);
    }

    [Fact]
    public async Task Store_WhoseFileIsDamaged_BeginsAnewAndPutsItAside()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Line("before"));
        await temporary.Store.DisposeAsync();
        await File.WriteAllBytesAsync(temporary.File, new byte[10_000], TestContext.Current.CancellationToken);
        await temporary.ReopenAsync();

        await temporary.AddAsync(Line("after"));

        Assert.Equal("after", Assert.Single(temporary.Find(new LogQuery()).Lines).Message);
        Assert.True(File.Exists(temporary.File + ".aside"));
    }

    [Fact]
    public async Task AddAsync_MoreThanTheQueueHolds_IsRefusedForAMoment()
    {
        await using var temporary = new TemporaryStore(new MonitorOptions { QueueBytes = 64 * 1024 });

        var result = await temporary.Store.AddAsync(new TelemetryBatch { Logs = [Line("heavy")], Weight = 65 * 1024 });

        Assert.Equal(AddOutcome.Busy, result.Outcome);
        await temporary.AddAsync(new TelemetryBatch { Logs = [Line("light")], Weight = 1024 });
    }
}
