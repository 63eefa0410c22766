using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>The fourteen checks that a shipper must pass, against an index that does on demand what a real one will not. The fake alone has a
/// whole 503 and the measured pauses (02), single records that are busy (03), the failure store (04) and a refused key (11); all else is done on
/// a real server too, in <see cref="OpenSearchAcceptanceTests"/>.</summary>
public sealed class AcceptanceTests : IDisposable
{
    private static readonly TimeSpan AMinute = TimeSpan.FromMinutes(1);

    private readonly ShippingSite _site = new();

    private FakeIndex Index => _site.Index;

    [Fact]
    public async Task Check01_DownForTwoHours_CallersAndMemoryDoNotNoticeAndNothingIsLost()
    {
        Index.Breaks = _ => Trouble.Down;
        _site.Start();
        for (var minute = 0; minute < 120; minute++)
        {
            await _site.LogAsync(minute * 100, 100);
            _site.Clock.Advance(AMinute);
            Assert.Equal(0, _site.Shipping.Spool.Status.BufferedBytes);
        }

        Assert.Equal(0, Index.Count);
        Assert.Equal(12_000, _site.Shipping.Spool.Status.BacklogRecords);
        Assert.Equal(LogShippingState.Waiting, _site.Shipping.Status.State);
        Assert.InRange(_site.Clock.GetUtcNow() - _site.Shipping.Spool.Status.Oldest!.Value, TimeSpan.FromMinutes(119), TimeSpan.FromMinutes(125));
        Index.Breaks = _ => null;
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 12_000);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Check02_ARequestRefusedAsAWhole_IsTriedAgainAfterJitteredPausesAndNothingIsDropped(int status)
    {
        Index.Breaks = r => Index.Bulks.Count() <= 8 && IsBulk(r) ? new Trouble(status) : null;
        _site.Start();
        await _site.LogAsync(0, 100);
        await _site.DrainAsync(TimeSpan.FromMilliseconds(50));

        _site.AssertArrivedOnce(0, 100);
        var tries = Index.Bulks.Select(b => b.At).ToList();
        var pauses = tries.Zip(tries.Skip(1), (a, b) => b - a).ToList();
        Assert.Equal(8, pauses.Count);
        Assert.InRange(pauses.Distinct().Count(), 5, 8);
        Assert.True(pauses.Skip(4).Max() > TimeSpan.FromSeconds(2), string.Join(' ', pauses));
        Assert.All(pauses, p => Assert.InRange(p, TimeSpan.Zero, AMinute + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Check03_AMixedAnswer_TriesAgain429And5xxTakes409AsDeliveredAndSetsAside400()
    {
        var tries = new Dictionary<string, int>();
        Index.Item = record =>
        {
            var number = Number(record);
            tries[number] = tries.GetValueOrDefault(number) + 1;
            return (number, tries[number]) switch
            {
                ("3", < 4) => 429,
                ("5", < 3) => 503,
                ("7", _) => 400,
                ("9", _) => 409,
                _ => null,
            };
        };
        _site.Start();
        await _site.LogAsync(0, 20);
        await _site.DrainAsync();

        Assert.Equal(Enumerable.Range(0, 20).Except([7, 9]).Select(n => $"event {n}").Order(StringComparer.Ordinal), Index.Messages.Order(StringComparer.Ordinal));
        Assert.Equal((4, 3, 1, 1, 1), (tries["3"], tries["5"], tries["7"], tries["9"], tries["11"]));
        var letter = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(_site.DeadLetters, TestContext.Current.CancellationToken))).RootElement;
        Assert.Equal(400, letter.GetProperty("status").GetInt32());
        Assert.Equal("event 7", letter.GetProperty("record").GetProperty("message").GetString());
        var status = _site.Shipping.Status;
        Assert.Equal((18, 1, 1), (status.Delivered, status.AlreadyThere, status.DeadLettered));
    }

    [Fact]
    public async Task Check04_AFailureStoreThatWasUsed_CountsAsQuarantinedAndNotAsIndexed()
    {
        Index.FailureStore = record => Number(record) == "2";
        _site.Start();
        await _site.LogAsync(0, 5);
        await _site.DrainAsync();

        Assert.Equal((4, 1), (_site.Shipping.Status.Delivered, _site.Shipping.Status.Quarantined));
        Assert.Equal(5, Index.Bulks.Sum(b => b.Body.Count(c => c == '\n') / 2));
    }

    [Fact]
    public async Task Check05_ABodyThatIsTooLarge_IsHalvedAndOneRecordThatIsTooLargeIsSetAside()
    {
        Index.Breaks = r => IsBulk(r) && r.Body.Length > 10_000 ? new Trouble(413) : null;
        _site.Start();
        await _site.LogAsync(0, 100);
        _site.Log(LogLevel.Information, "huge " + new string('x', 15_000));
        await _site.LogAsync(100, 100);
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 200);
        var letter = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(_site.DeadLetters, TestContext.Current.CancellationToken))).RootElement;
        Assert.StartsWith("huge", letter.GetProperty("record").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, _site.Shipping.Status.DeadLettered);
    }

    [Fact]
    public async Task Check06_DiskQuota_TheLowestPriorityGoesFirstIsCountedAndToldByOneRecord()
    {
        Index.Breaks = _ => Trouble.Down;
        _site.Start(quota: 1 << 20);
        for (var n = 0; n < 100; n++)
        {
            _site.Log(LogLevel.Debug, $"debug {n} {new string('x', 8000)}");
            _site.Log(LogLevel.Information, $"info {n} {new string('x', 8000)}");
            _site.Log(LogLevel.Error, $"error {n} {new string('x', 2000)}");
            Assert.True(await _site.Shipping.Spool.FlushAsync());
        }

        var lost = _site.Shipping.Spool.Status.LostRecords;
        Index.Breaks = _ => null;
        await _site.DrainAsync();

        var gap = Assert.Single(Index.Records, r => r.TryGetProperty("event.action", out var action) && action.GetString() == "LogGap");
        var kept = Index.Messages.Select(m => m.Split(' ')[0]).CountBy(m => m).ToDictionary();
        Assert.Equal(100, kept["error"]);
        // A segment that is being sent stays: eight records of this size.
        Assert.True(kept.GetValueOrDefault("debug") <= 8 || kept.GetValueOrDefault("info") == 100, "info was given up while debug was kept");
        Assert.Equal(lost, gap.GetProperty("edgemesh.gap.records").GetInt64());
        Assert.Equal(100 - kept.GetValueOrDefault("debug"), gap.GetProperty("edgemesh.gap.low").GetInt64());
        Assert.Equal(100 - kept.GetValueOrDefault("info"), gap.GetProperty("edgemesh.gap.normal").GetInt64());
        Assert.Equal(0, gap.GetProperty("edgemesh.gap.high").GetInt64());
    }

    [Fact]
    public async Task Check07_EndedBetweenSendAndAnswer_TheNextStartLeavesNoGapAndNoDuplicate()
    {
        Index.Breaks = r => IsBulk(r) ? Trouble.AnswerLost : null;
        _site.Start();
        await _site.LogAsync(0, 50);
        await _site.Clock.MoveUntilAsync(() => Index.Count == 50);
        _site.Stop();
        Index.Rollover();
        Index.Breaks = _ => null;
        _site.Start();
        await _site.LogAsync(50, 50);
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 100);
    }

    [Fact]
    public async Task Check08_ATornLastRecord_IsCutAndTheRestArrives()
    {
        Index.Breaks = _ => Trouble.Down;
        _site.Start();
        await _site.LogAsync(0, 10);
        _site.Stop();
        await using (var file = new FileStream(_site.Folder.Segments.Single(), FileMode.Open))
        {
            file.SetLength(file.Length - 20);
        }

        Index.Breaks = _ => null;
        _site.Start();
        await _site.LogAsync(10, 10);
        await _site.DrainAsync();

        Assert.Equal(Enumerable.Range(0, 20).Except([9]).Select(n => $"event {n}").Order(StringComparer.Ordinal), Index.Messages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Check09_ARolloverWhileABatchIsInDoubt_AsksAcrossTheStreamForThatBatchAlone()
    {
        Index.Breaks = r =>
        {
            if (!IsBulk(r) || Index.Bulks.Count() != 2)
            {
                return null;
            }

            return Trouble.AnswerLost;
        };
        _site.Start(o => o with { BatchRecords = 10 });
        await _site.LogAsync(0, 20);
        await _site.Clock.MoveUntilAsync(() => Index.Count == 20);
        Index.Rollover();
        await _site.LogAsync(20, 30);
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 50);
        Assert.Single(Index.Seen, r => r.Path.Contains("/_search", StringComparison.Ordinal));
        Assert.Equal(10, _site.Shipping.Status.AlreadyThere);
    }

    [Theory]
    [InlineData(3600)]
    [InlineData(-7200)]
    public async Task Check10_ASkewedClock_KeepsTheEventsTimeAndRecordsTheOffset(int seconds)
    {
        Index.ClockOffset = TimeSpan.FromSeconds(seconds);
        _site.Start();
        var logged = _site.Clock.GetUtcNow();
        await _site.LogAsync(0, 1);
        await _site.DrainAsync();

        var record = Assert.Single(Index.Records);
        Assert.Equal(logged, record.GetProperty("@timestamp").GetDateTimeOffset());
        Assert.Equal(seconds * 1000, record.GetProperty("edgemesh.clock_offset_ms").GetInt64());
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Check11_AKeyThatIsRefused_HoldsAndAlertsAndSetsNothingAside(int status)
    {
        var refused = true;
        Index.Breaks = r => refused && IsBulk(r) ? new Trouble(status, "security_exception") : null;
        _site.Start();
        var alerts = new List<LogShippingStatus>();
        _site.Shipping.Shipper.Changed = alerts.Add;
        await _site.LogAsync(0, 10);
        await _site.Clock.MoveUntilAsync(() => Index.Bulks.Count() > 5, AMinute);
        Assert.Equal(LogShippingState.Held, _site.Shipping.Status.State);
        Assert.Contains("security_exception", _site.Shipping.Status.Reason, StringComparison.Ordinal);
        Assert.Single(alerts, a => a.State == LogShippingState.Held);
        refused = false;
        await _site.DrainAsync(AMinute);

        _site.AssertArrivedOnce(0, 10);
        Assert.False(File.Exists(_site.DeadLetters));
    }

    [Fact]
    public async Task Check11_RecordsThatAreRefusedOneByOneForTheKey_AreHeldToo()
    {
        var refused = true;
        Index.Item = _ => refused ? 403 : null;
        _site.Start();
        await _site.LogAsync(0, 10);
        await _site.Clock.MoveUntilAsync(() => _site.Shipping.Status.State == LogShippingState.Held, AMinute);
        refused = false;
        await _site.DrainAsync(AMinute);

        _site.AssertArrivedOnce(0, 10);
        Assert.False(File.Exists(_site.DeadLetters));
    }

    [Fact]
    public async Task Check12_ATemplateInTheWayAtTheStart_KeepsBufferingAndSaysWhatToDo()
    {
        var conflict = true;
        Index.Breaks = r => conflict && r is { Method: "PUT", Path: "_index_template/edgemesh-logs" } ? new Trouble(400, "would cause multiple templates of equal priority") : null;
        _site.Start();
        await _site.LogAsync(0, 10);
        await _site.Clock.MoveUntilAsync(() => _site.Shipping.Status.State == LogShippingState.Held, AMinute);
        Assert.Contains("A template is in the way", _site.Shipping.Status.Reason, StringComparison.Ordinal);
        Assert.Empty(Index.Bulks);
        await _site.LogAsync(10, 10);
        conflict = false;
        await _site.DrainAsync(AMinute);

        _site.AssertArrivedOnce(0, 20);
    }

    [Fact]
    public void Check13_TwoOwnersOfOneFolder_TheSecondIsRefused()
    {
        _site.Start();

        var error = Assert.Throws<InvalidOperationException>(() => LogSpool.Open(new LogSpoolOptions { Folder = _site.Folder.Path }, _site.Clock));

        Assert.Contains("belongs to another process", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check14_DrainingAfterAnOutage_KeepsToTheByteBudget()
    {
        const int rate = 4000;
        Index.Breaks = _ => Trouble.Down;
        _site.Start(o => o with { BytesPerSecond = rate, BatchRecords = 100 });
        for (var n = 0; n < 5000; n += 500)
        {
            await _site.LogAsync(n, 500);
        }

        Index.Breaks = _ => null;
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 5000);
        var bulks = Index.Bulks.ToList();
        var largest = bulks.Max(b => b.Length);
        for (var (n, sent) = (0, 0); n < bulks.Count; n++)
        {
            sent += bulks[n].Length;
            var allowed = rate + ((bulks[n].At - bulks[0].At).TotalSeconds * rate) + largest;
            Assert.True(sent <= allowed, string.Create(CultureInfo.InvariantCulture, $"{sent} bytes after {(bulks[n].At - bulks[0].At).TotalSeconds} s, {allowed} allowed"));
        }
    }

    public void Dispose() => _site.Dispose();

    private static bool IsBulk(SeenRequest request) => request.Path.Contains("/_bulk", StringComparison.Ordinal);

    private static string Number(string record) => JsonDocument.Parse(record).RootElement.GetProperty("message").GetString()!.Split(' ')[1];
}
