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
        Assert.Empty(temporary.FindTrace("00000000000000000000000000000001"));
        Assert.Single(temporary.ListSeries(new SeriesQuery()));
        temporary.Clock.Advance(TimeSpan.FromDays(16));
        await temporary.AddAsync(Line("newest", 31 * 86400));
        await temporary.AddAsync(Line("newest", 31 * 86400));
        Assert.Empty(temporary.ListSeries(new SeriesQuery()));
        Assert.Empty(temporary.Store.Status.GivenUp);
    }

    [Fact]
    public async Task Store_ToWhichNothingComes_StillDropsWhatIsTooOld()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Line("old"));

        temporary.Clock.Advance(TimeSpan.FromDays(15));

        await MonitorSite.UntilAsync(() => temporary.Find(new LogQuery()).Lines.Count == 0);
    }

    [Fact]
    public async Task Store_BeyondItsSize_CountsTheSpansOfTheTracesThatItGivesUp()
    {
        await using var temporary = new TemporaryStore(new MonitorOptions { StoreBytes = MiB });
        foreach (var some in Enumerable.Range(1, 2000).Chunk(40))
        {
            await temporary.AddAsync([.. some.SelectMany(trace => Enumerable.Range(1, 3).Select(i => Span($"{trace:x32}", $"{i:x16}", null, new string('x', 400), trace * 10)))]);
        }

        await temporary.Store.RunAsync(_ => { });
        var kept = Enumerable.Range(1, 2000).Sum(trace => temporary.FindTrace($"{trace:x32}").Count);
        Assert.InRange(kept, 1, 5999);
        Assert.Equal(6000 - kept, temporary.Store.Status.GivenUp["traces"]);
    }

    [Fact]
    public async Task Retention_ThatFailsHalfWay_LeavesATraceWhole()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Span("00000000000000000000000000000001", "0000000000000001", null, "old"));
        await SqlAsync(temporary, "CREATE TRIGGER stuck BEFORE DELETE ON span BEGIN SELECT RAISE(ABORT, 'stuck'); END");
        temporary.Clock.Advance(TimeSpan.FromDays(4));
        await MonitorSite.UntilAsync(() => temporary.Store.Status.Fault is not null);

        Assert.Equal(1, Assert.Single(temporary.Find(new TraceQuery())).Spans);

        await SqlAsync(temporary, "DROP TRIGGER stuck");
        temporary.Clock.Advance(TimeSpan.FromMinutes(20));
        await MonitorSite.UntilAsync(() => temporary.Find(new TraceQuery()).Count == 0);
        Assert.Empty(temporary.FindTrace("00000000000000000000000000000001"));
    }

    [Fact]
    public async Task Store_ForgetsAService_OnceNothingOfItIsKept()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(new TelemetryBatch { Logs = [Line("old", service: "gone")], Samples = [Sample("old", 1, service: "gone")] });
        temporary.Clock.Advance(TimeSpan.FromDays(29));
        await temporary.AddAsync(Line("new", 29 * 86400));
        await temporary.AddAsync(Line("new", 29 * 86400));
        Assert.Equal(["gone", "records"], temporary.Store.ListServices(Site));

        temporary.Clock.Advance(TimeSpan.FromDays(2));

        await MonitorSite.UntilAsync(() => temporary.Store.ListServices(Site) is ["records"]);
        await temporary.AddAsync(Line("back", 31 * 86400, service: "gone"));
        Assert.Equal("back", Assert.Single(temporary.Find(new LogQuery { Service = "gone" }).Lines).Message);
    }

    [Fact]
    public async Task Store_OfTheSchemaBefore_IsUpgradedWithWhatItHolds()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Line("before"));
        await SqlAsync(temporary, "ALTER TABLE source DROP COLUMN seen; UPDATE about SET value = '2' WHERE name = 'schema'");
        await temporary.ReopenAsync();

        await temporary.AddAsync(Line("after", 1));

        Assert.Equal(["after", "before"], temporary.Find(new LogQuery()).Lines.Select(l => l.Message));
        Assert.False(File.Exists(temporary.File + ".aside"));
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

    private static Task SqlAsync(TemporaryStore temporary, string sql) => temporary.Store.RunAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    });

    [Fact]
    public async Task AddAsync_MoreThanTheQueueHolds_IsRefusedForAMoment()
    {
        await using var temporary = new TemporaryStore(new MonitorOptions { QueueBytes = 64 * 1024 });

        var result = await temporary.Store.AddAsync(new TelemetryBatch { Logs = [Line("heavy")], Weight = 65 * 1024 });

        Assert.Equal(AddOutcome.Busy, result.Outcome);
        await temporary.AddAsync(new TelemetryBatch { Logs = [Line("light")], Weight = 1024 });
    }
}
