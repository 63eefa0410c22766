using System.Text;

namespace EdgeMesh.Telemetry.Tests.Spool;

public sealed class LogSpoolTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MovedClock _clock = new();
    private readonly FaultyDisk _disk = new();

    [Fact]
    public async Task Flush_RecordsOfAllPriorities_AreThereAfterARestartHighestFirst()
    {
        using (var spool = Open())
        {
            Append(spool, LogPriority.Low, "debug");
            Append(spool, LogPriority.Normal, "info");
            Append(spool, LogPriority.High, "error");
            Assert.True(await spool.FlushAsync());
        }

        using var again = Open();
        await again.FlushAsync();
        Assert.Equal(["error", "info", "debug"], Texts(again.Read(100, 1 << 20)));
        Assert.Equal(3, again.Status.BacklogRecords);
    }

    [Fact]
    public async Task Append_NothingElseHappens_IsSyncedAfterTheInterval()
    {
        using var spool = Open();
        Append(spool, LogPriority.Normal, "info");

        await _clock.MoveUntilAsync(() => spool.Status.BacklogRecords == 1);
    }

    [Fact]
    public async Task Append_AWarning_IsSyncedWithoutWaitingForTheInterval()
    {
        using var spool = Open();
        Append(spool, LogPriority.High, "warn");

        await _clock.MoveUntilAsync(() => spool.Status.BacklogRecords == 1, TimeSpan.Zero);
    }

    [Fact]
    public async Task Append_ManyBetweenTwoSyncs_CostOneSync()
    {
        using var spool = Open();
        await spool.FlushAsync();
        for (var n = 0; n < 1000; n++)
        {
            Append(spool, LogPriority.Normal, $"record {n}");
        }

        await spool.FlushAsync();

        Assert.Equal(1, _disk.Syncs);
    }

    [Fact]
    public async Task Open_ATornLastRecord_IsCutAndTheSpoolGoesOn()
    {
        await WriteAsync("one", "two");
        await using (var file = new FileStream(_folder.Segments.Single(), FileMode.Append))
        {
            file.Write([200, 0, 0, 0, 1, 2, 3, 4, 5]);
        }

        using var spool = Open();
        Append(spool, LogPriority.Normal, "three");
        await spool.FlushAsync();

        Assert.Equal(["one", "two", "three"], Texts(spool.Read(100, 1 << 20)));
        Assert.Equal(9, spool.Status.CutBytes);
    }

    [Fact]
    public async Task Open_AfterPowerLoss_HoldsWhatWasSyncedAndNothingTorn()
    {
        using (var spool = Open())
        {
            Append(spool, LogPriority.Normal, "synced");
            await spool.FlushAsync();
            _disk.FailsSync = true;
            Append(spool, LogPriority.Normal, "not synced");
            Assert.False(await spool.FlushAsync());
        }

        _disk.LosePower();
        _disk.FailsSync = false;
        using var again = Open();
        await again.FlushAsync();

        Assert.Equal(["synced"], Texts(again.Read(100, 1 << 20)));
    }

    [Fact]
    public async Task Flush_ASyncFails_TellsItAndTheRecordIsThereOnceLater()
    {
        using var spool = Open();
        _disk.FailsSync = true;
        Append(spool, LogPriority.Normal, "kept");
        Assert.False(await spool.FlushAsync());
        Assert.Equal("Input/output error", spool.Status.Fault);
        _disk.FailsSync = false;

        await _clock.MoveUntilAsync(() => spool.Status.BacklogRecords == 1);

        Assert.Equal(["kept"], Texts(spool.Read(100, 1 << 20)));
        Assert.Null(spool.Status.Fault);
    }

    [Fact]
    public async Task Append_DiskFull_NeverWaitsKeepsWhatTheBufferHoldsAndCountsTheRest()
    {
        using var spool = Open();
        await spool.FlushAsync();
        _disk.Room = 100;
        var taken = 0;
        while (Append(spool, LogPriority.Normal, new string('x', 1000)))
        {
            taken++;
        }

        Assert.False(Append(spool, LogPriority.Low, new string('x', 1000)));
        Assert.True(Append(spool, LogPriority.High, "there is room for what matters"));
        _disk.Room = null;
        await _clock.MoveUntilAsync(() => spool.Status.BacklogRecords == taken + 1);

        Assert.Equal(2, spool.Status.LostRecords);
        Assert.Equal(taken + 1, Texts(spool.Read(100_000, 1 << 30)).Length);
        Assert.Equal(0, spool.Status.BufferedBytes);
    }

    [Fact]
    public async Task Append_DiskFull_AWarningTakesTheRoomOfADebugRecord()
    {
        using var spool = Open();
        Append(spool, LogPriority.Low, new string('x', 10_000));
        await spool.FlushAsync();
        _disk.Room = 0;

        Append(spool, LogPriority.High, "error");
        Assert.True(await spool.FlushAsync());

        Assert.Equal(["error"], Texts(spool.Read(100, 1 << 20)));
        Assert.Equal(1, spool.Status.LostRecords);
    }

    [Fact]
    public async Task Append_DiskFullAndADeleteFails_TheLossIsCountedOnceAndAllGoesOnLater()
    {
        using var spool = Open();
        Append(spool, LogPriority.Low, new string('x', 10_000));
        await spool.FlushAsync();
        (_disk.Room, _disk.FailsDelete) = (0, true);

        Append(spool, LogPriority.High, "error");
        for (var tries = 0; tries < 3; tries++)
        {
            Assert.False(await spool.FlushAsync());
        }

        // Counted as lost, so nobody may read it any more.
        Assert.Null(spool.Read(100, 1 << 20));
        Assert.Equal((1, "Permission denied"), (spool.Status.LostRecords, spool.Status.Fault));
        _disk.FailsDelete = false;
        await _clock.MoveUntilAsync(() => spool.Status is { BacklogRecords: 1, Fault: null });

        Assert.Equal(["error"], Texts(spool.Read(100, 1 << 20)));
        Assert.Equal(1, spool.Status.LostRecords);
        Assert.Single(_folder.Segments);
    }

    [Fact]
    public async Task Append_DiskFullAndALossCannotBeWrittenDown_NothingIsGivenUpUntilItCan()
    {
        using var spool = Open();
        Append(spool, LogPriority.Low, "debug");
        await spool.FlushAsync();
        (_disk.Room, _disk.FailsOverwrite) = (0, true);

        Append(spool, LogPriority.High, "error");
        for (var tries = 0; tries < 3; tries++)
        {
            Assert.False(await spool.FlushAsync());
        }

        Assert.Equal((1, 0), (spool.Status.BacklogRecords, spool.Status.LostRecords));
        _disk.FailsOverwrite = false;
        await _clock.MoveUntilAsync(() => spool.Status is { LostRecords: 1, Fault: null });

        Assert.Equal(["error"], Texts(spool.Read(100, 1 << 20)));
    }

    [Fact]
    public async Task Append_NoRoomAndALossIsWrittenButNotSynced_NothingIsLostOnceThereIsRoom()
    {
        using (var spool = Open())
        {
            Append(spool, LogPriority.Low, "debug");
            await spool.FlushAsync();
            (_disk.Room, _disk.FailsOverwriteSync) = (0, true);
            Append(spool, LogPriority.High, "error");
            Assert.False(await spool.FlushAsync());

            (_disk.Room, _disk.FailsOverwriteSync) = (null, false);
            Assert.True(await spool.FlushAsync());
        }

        using var again = Open();
        await again.FlushAsync();
        Assert.Equal(["error", "debug"], Texts(again.Read(100, 1 << 20)));
        Assert.Equal(0, again.Status.LostRecords);
    }

    [Fact]
    public async Task Append_NoRoomAndALossCannotBeWrittenDown_ItIsCountedOnceItCan()
    {
        using var spool = Open();
        await spool.FlushAsync();
        (_disk.Room, _disk.FailsOverwrite) = (100, true);
        while (Append(spool, LogPriority.Normal, new string('x', 1000)))
        {
        }

        Assert.False(await spool.FlushAsync());
        Assert.Equal(0, spool.Status.LostRecords);
        (_disk.Room, _disk.FailsOverwrite) = (null, false);
        await _clock.MoveUntilAsync(() => spool.Status.Fault is null && spool.Status.BacklogRecords > 0);

        Assert.Equal(1, spool.Status.LostRecords);
    }

    [Fact]
    public async Task Quota_ADeleteFails_GivesUpNoMoreThanWithout()
    {
        using var spool = Open(quota: 1 << 20);
        _disk.FailsDelete = true;
        for (var n = 0; n < 20; n++)
        {
            Append(spool, LogPriority.Normal, $"{n} {new string('x', 60_000)}");
            await spool.FlushAsync();
        }

        Assert.Equal(1, spool.Status.LostRecords);
        _disk.FailsDelete = false;
        await _clock.MoveUntilAsync(() => spool.Status.Fault is null);

        var kept = Texts(spool.Read(100, 1 << 30)).Length;
        Assert.Equal(20 - kept, spool.Status.LostRecords);
        Assert.InRange(kept, 14, 18);
        Assert.Equal(kept, _folder.Segments.Length);
    }

    [Fact]
    public async Task Quota_Exceeded_GivesUpTheOldestOfTheLowestPriorityFirst()
    {
        using var spool = Open(quota: 1 << 20);
        foreach (var priority in (LogPriority[])[LogPriority.Low, LogPriority.Normal, LogPriority.High])
        {
            for (var n = 0; n < 60; n++)
            {
                Append(spool, priority, $"{priority} {n} {new string('x', 10_000)}");
                await spool.FlushAsync();
            }
        }

        var kept = Texts(spool.Read(100_000, 1 << 30)).Select(t => t[..t.IndexOf(' ', t.IndexOf(' ') + 1)]).ToList();
        Assert.Equal(60, kept.Count(t => t.StartsWith("High", StringComparison.Ordinal)));
        Assert.DoesNotContain(kept, t => t.StartsWith("Low", StringComparison.Ordinal));
        Assert.InRange(kept.Count(t => t.StartsWith("Normal", StringComparison.Ordinal)), 25, 45);
        Assert.Contains("Normal 59", kept);
        Assert.DoesNotContain("Normal 0", kept);
        Assert.Equal(180 - kept.Count, spool.Status.LostRecords);
        Assert.InRange(_folder.Segments.Sum(f => new FileInfo(f).Length), 1, 1 << 20);
    }

    [Fact]
    public async Task Quota_CrashBetweenCountingAndDeleting_TheNextStartFinishesIt()
    {
        await WriteAsync("given up");
        using (var gaps = GapLedger.Open(_folder.Path, Guid.NewGuid, new LocalDisk()))
        {
            gaps.Add(LogPriority.Normal, 1, 8, 0, 0, segment: 1);
        }

        using var spool = Open();
        await spool.FlushAsync();

        Assert.Null(spool.Read(100, 1 << 20));
        Assert.Equal(1, spool.Status.LostRecords);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_AFileThatTheDiskDoesNotLetGo_KeepsNobodyFromWriting(bool wasGivenUp)
    {
        await WriteAsync("given up");
        using (var gaps = GapLedger.Open(_folder.Path, Guid.NewGuid, new LocalDisk()))
        {
            gaps.Add(LogPriority.Normal, 1, 8, 0, 0, segment: wasGivenUp ? 1 : 0);
        }

        if (!wasGivenUp)
        {
            // The process died before its first sync.
            await File.WriteAllBytesAsync(_folder.Segments.Single(), [], TestContext.Current.CancellationToken);
        }

        _disk.FailsDelete = true;
        using var spool = Open();
        Append(spool, LogPriority.Normal, "two");
        await spool.FlushAsync();

        Assert.Equal(["two"], Texts(spool.Read(100, 1 << 20)));
        Assert.Equal("Permission denied", spool.Status.Fault);
        Assert.Equal(2, _folder.Segments.Length);
        _disk.FailsDelete = false;
        await _clock.MoveUntilAsync(() => spool.Status.Fault is null);
        Assert.Single(_folder.Segments);
    }

    [Fact]
    public void Open_ASecondTime_IsRefusedAndSaysWhatToDo()
    {
        using var first = Open();

        var error = Assert.Throws<InvalidOperationException>(() => Open());

        Assert.Contains("belongs to another process", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ids_OfTwoRunsOnOneFolder_NeverRepeat()
    {
        await WriteAsync("one");
        var backup = await File.ReadAllBytesAsync(_folder.Segments.Single(), TestContext.Current.CancellationToken);
        using var spool = Open();
        Append(spool, LogPriority.Normal, "two");
        await spool.FlushAsync();
        var ids = spool.Read(100, 1 << 20)!.Records.Select(r => r.Id).ToList();

        Assert.Equal(2, ids.Distinct().Count());
        Assert.Equal(ids[0], SpooledRecord.IdOf(SegmentFormat.ReadHeader(backup)!.Value, 0));
    }

    [Fact]
    public async Task Read_AByteChangedOnDisk_CountsWhatCanNoLongerBeRead()
    {
        using var spool = Open();
        Append(spool, LogPriority.Normal, "one");
        Append(spool, LogPriority.Normal, "two");
        await spool.FlushAsync();
        using (var file = File.OpenHandle(_folder.Segments.Single(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            RandomAccess.Write(file, "T"u8, SegmentFormat.HeaderLength + (2 * SegmentFormat.FrameLength) + 3);
        }

        Assert.Equal(["one"], Texts(spool.Read(1, 1 << 20)));
        var batch = spool.Read(100, 1 << 20)!;
        Assert.Equal(["one"], Texts(batch));
        spool.Deliver(batch);
        Assert.Null(spool.Read(100, 1 << 20));
        Assert.Equal(1, spool.Status.CorruptRecords);
    }

    [Fact]
    public async Task Deliver_AllOfASegment_ItsFileGoesOnceAnotherIsWritten()
    {
        using var spool = Open(quota: 1 << 20);
        Append(spool, LogPriority.Normal, new string('x', 60_000));
        await spool.FlushAsync();
        spool.Deliver(spool.Read(100, 1 << 20)!);
        Append(spool, LogPriority.Normal, new string('y', 60_000));
        await spool.FlushAsync();
        await spool.FlushAsync();

        Assert.Single(_folder.Segments);
        Assert.Equal(1, spool.Status.BacklogRecords);
    }

    public void Dispose() => _folder.Dispose();

    private LogSpool Open(long quota = 64 << 20) =>
        LogSpool.Open(new LogSpoolOptions { Folder = _folder.Path, Quota = quota, Buffer = 1 << 20, Disk = _disk }, _clock);

    private bool Append(LogSpool spool, LogPriority priority, string text) =>
        spool.Append(priority, Encoding.UTF8.GetBytes(text), [], _clock.GetUtcNow());

    private async Task WriteAsync(params string[] texts)
    {
        using var spool = Open();
        Array.ForEach(texts, t => Append(spool, LogPriority.Normal, t));
        await spool.FlushAsync();
    }

    private static string[] Texts(SpoolBatch? batch) => [.. batch!.Records.Select(r => Encoding.UTF8.GetString(r.Payload.Span))];
}
