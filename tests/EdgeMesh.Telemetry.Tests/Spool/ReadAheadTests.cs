using System.Text;

namespace EdgeMesh.Telemetry.Tests.Spool;

/// <summary>A batch is read while the one before it is under way.</summary>
public sealed class ReadAheadTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MovedClock _clock = new();

    [Fact]
    public async Task Read_BehindABatchThatIsUnderWay_BeginsThereInEachPriority()
    {
        using var spool = Open();
        await WriteAsync(spool, LogPriority.High, "error 1", "error 2");
        await WriteAsync(spool, LogPriority.Normal, "info 1", "info 2", "info 3");

        var first = spool.Read(3, 1 << 20)!;
        Assert.Equal((true, "error 1, error 2, info 1"), (first.IsFull, Texts(first)));
        var second = spool.Read(2, 1 << 20, behind: first)!;
        Assert.Equal((true, "info 2, info 3"), (second.IsFull, Texts(second)));
        Assert.Null(spool.Read(2, 1 << 20, behind: second));

        spool.Deliver(first);
        var again = spool.Read(3, 1 << 20)!;
        Assert.Equal((false, "info 2, info 3"), (again.IsFull, Texts(again)));
    }

    [Fact]
    public async Task Read_BehindWhatAnEarlierProcessSent_IsInDoubtOnlyAsFarAsItSent()
    {
        using (var spool = Open())
        {
            await WriteAsync(spool, LogPriority.Normal, "info 1", "info 2", "info 3");
            var first = spool.Read(1, 1 << 20)!;
            spool.Cursor.Send(first.Ends);
            spool.Cursor.Send(spool.Read(1, 1 << 20, behind: first)!.Ends);
        }

        using var next = Open();
        await next.FlushAsync();
        List<bool> doubts = [];
        for (var batch = next.Read(1, 1 << 20); batch is not null; batch = next.Read(1, 1 << 20, behind: batch))
        {
            doubts.Add(batch.InDoubt);
        }

        Assert.Equal([true, true, false], doubts);
    }

    [Fact]
    public async Task Quota_TwoBatchesUnderWay_GivesUpNeitherUntilItIsDelivered()
    {
        using var spool = Open(quota: 1 << 20);
        await WriteAsync(spool, LogPriority.Low, Long("debug 1"), Long("debug 2"), Long("debug 3"));
        var first = spool.Read(1, 1 << 20)!;
        var second = spool.Read(1, 1 << 20, behind: first)!;

        await FillAsync(spool);
        Assert.Equal(2, OfLow);
        spool.Deliver(first);
        await FillAsync(spool);
        Assert.Equal(1, OfLow);
        spool.Deliver(second);
        await FillAsync(spool);
        Assert.Equal(0, OfLow);
    }

    public void Dispose() => _folder.Dispose();

    private int OfLow => _folder.Segments.Count(s => Path.GetFileName(s).StartsWith("low-", StringComparison.Ordinal));

    private LogSpool Open(long quota = 64 << 20) => LogSpool.Open(new LogSpoolOptions { Folder = _folder.Path, Quota = quota, Buffer = 1 << 20 }, _clock);

    /// <summary>More than the quota.</summary>
    private async Task FillAsync(LogSpool spool)
    {
        for (var n = 0; n < 20; n++)
        {
            await WriteAsync(spool, LogPriority.High, Long("error"));
        }
    }

    private async Task WriteAsync(LogSpool spool, LogPriority priority, params string[] texts)
    {
        foreach (var text in texts)
        {
            Assert.True(spool.Append(priority, Encoding.UTF8.GetBytes(text), [], _clock.GetUtcNow()));
            Assert.True(await spool.FlushAsync());
        }
    }

    /// <summary>Fills a segment.</summary>
    private static string Long(string text) => text + new string('x', 60_000);

    private static string Texts(SpoolBatch batch) => string.Join(", ", batch.Records.Select(r => Encoding.UTF8.GetString(r.Payload.Span)));
}
