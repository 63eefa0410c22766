using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>The fourteen checks on a real server. What this one does not do on demand is the fake's alone, in <see cref="AcceptanceTests"/>: a
/// whole 503 (02: it gives none while it lives), 429 and 5xx for single records (03: only under a load that no test can count on), the failure
/// store (04: Elasticsearch has one, OpenSearch none), a refused key's 401 (11: it has no users).</summary>
[Trait("Category", "Engines")]
[Collection(OpenSearchCollection.Name)]
public sealed class OpenSearchAcceptanceTests(OpenSearch server) : IDisposable
{
    private readonly OpenSearchSite _site = new(server);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check01_OutOfReachForTwoHours_CallersAndMemoryDoNotNoticeAndNothingIsLost()
    {
        using var link = new ServerLink { IsCut = true };
        var clock = new MovedClock();
        // The server answers in real time, while the clock runs ahead of it.
        using var shipping = _site.Start(link, clock: clock, change: o => o with { RequestLimit = TimeSpan.FromDays(1) });
        for (var minute = 0; minute < 120; minute++)
        {
            await OpenSearchSite.LogAsync(shipping, minute * 10, 10, clock);
            clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(0, shipping.Spool.Status.BufferedBytes);
        }

        await clock.MoveUntilAsync(() => shipping.Status.State == LogShippingState.Waiting);
        Assert.Equal(1200, shipping.Spool.Status.BacklogRecords);
        link.IsCut = false;
        await clock.MoveUntilAsync(() => OpenSearchSite.IsDrained(shipping));

        await _site.AssertArrivedOnceAsync(1200);
    }

    [Fact]
    public async Task Check02_ABusyServerRefusesRequestsAsAWhole_TheyAreTriedAgainAndNothingIsDropped()
    {
        using var link = new ServerLink();
        using var shipping = _site.Start(link);
        await OpenSearchSite.LogAsync(shipping, 0, 1);
        await OpenSearchSite.DrainAsync(shipping);
        await using (await server.LimitRequestsAsync("2kb"))
        {
            await OpenSearchSite.LogAsync(shipping, 1, 100);
            await OpenSearchSite.UntilAsync(() => link.Bulks.Count >= 4 && shipping.Status.State == LogShippingState.Waiting);
            Assert.Contains("Data too large", shipping.Status.Reason, StringComparison.Ordinal);
            Assert.Equal(100, shipping.Spool.Status.BacklogRecords);
        }

        await OpenSearchSite.DrainAsync(shipping);
        await _site.AssertArrivedOnceAsync(101);
        Assert.Equal((101, 0), (shipping.Status.Delivered, shipping.Status.DeadLettered));
    }

    [Fact]
    public async Task Check03_AMixedAnswer_SetsAsideWhatTheMappingRefusesAndDeliversTheRest()
    {
        using var shipping = _site.Start();
        await OpenSearchSite.LogAsync(shipping, 0, 5);
        shipping.Spool.Append(LogPriority.Normal, "{\"@timestamp\":\"no date\",\"message\":\"event refused\"}"u8, [], TimeProvider.System.GetUtcNow());
        await OpenSearchSite.LogAsync(shipping, 5, 5);
        await OpenSearchSite.DrainAsync(shipping);

        await _site.AssertArrivedOnceAsync(10);
        Assert.Equal(1, shipping.Status.DeadLettered);
        Assert.Contains("event refused", await File.ReadAllTextAsync(_site.DeadLetters, Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check05_ABodyThatIsTooLarge_IsHalvedAndOneRecordThatIsTooLargeIsSetAside()
    {
        using var link = new ServerLink { IsCut = true };
        using var shipping = _site.Start(link);
        await OpenSearchSite.LogAsync(shipping, 0, 500);
        AppendRaw(shipping, new string('x', OpenSearch.LargestBody));
        await OpenSearchSite.LogAsync(shipping, 500, 500);
        link.IsCut = false;
        await OpenSearchSite.DrainAsync(shipping);

        await _site.AssertArrivedOnceAsync(1000);
        var letter = JsonDocument.Parse(Assert.Single(await File.ReadAllLinesAsync(_site.DeadLetters, Cancellation))).RootElement;
        Assert.Equal(413, letter.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task Check06_DiskQuota_TheLowestPriorityGoesFirstIsCountedAndToldByOneRecord()
    {
        using var link = new ServerLink { IsCut = true };
        using var shipping = _site.Start(link, change: o => o with { Spool = o.Spool with { Quota = 1 << 20 } });
        var logger = OpenSearchSite.Logger(shipping);
        for (var n = 0; n < 100; n++)
        {
            logger.LogDebug("debug {Text}", new string('x', 8000));
            logger.LogInformation("info {Text}", new string('x', 8000));
            logger.LogError("error {Text}", new string('x', 2000));
            Assert.True(await shipping.Spool.FlushAsync());
        }

        var lost = shipping.Spool.Status.LostRecords;
        link.IsCut = false;
        await OpenSearchSite.DrainAsync(shipping);

        var records = await _site.RecordsAsync();
        var gap = Assert.Single(records, r => r.TryGetProperty("event.action", out var action) && action.GetString() == "LogGap");
        var kept = records.Select(r => r.GetProperty("message").GetString()!.Split(' ')[0]).CountBy(m => m).ToDictionary();
        Assert.Equal(100, kept["error"]);
        Assert.True(kept.GetValueOrDefault("debug") < kept.GetValueOrDefault("info"), "info was given up while debug was kept");
        Assert.Equal(lost, gap.GetProperty("edgemesh.gap.records").GetInt64());
        Assert.Equal(0, gap.GetProperty("edgemesh.gap.high").GetInt64());
        Assert.Equal(200 - lost, kept.GetValueOrDefault("debug") + kept.GetValueOrDefault("info"));
    }

    [Fact]
    public async Task Check07_TheAnswerIsLostAndTheProcessEnds_TheNextStartLeavesNoGapAndNoDuplicate()
    {
        using var link = new ServerLink { LosesAnswer = _ => true };
        using (var shipping = _site.Start(link))
        {
            await OpenSearchSite.LogAsync(shipping, 0, 50);
            await OpenSearchSite.UntilAsync(() => shipping.Status.Reason is not null);
        }

        using var again = _site.Start();
        await OpenSearchSite.LogAsync(again, 50, 50);
        await OpenSearchSite.DrainAsync(again);

        await _site.AssertArrivedOnceAsync(100);
    }

    [Fact]
    public async Task Check08_ATornLastRecord_IsCutAndTheRestArrives()
    {
        using var cut = new ServerLink { IsCut = true };
        using (var shipping = _site.Start(cut))
        {
            await OpenSearchSite.LogAsync(shipping, 0, 10);
        }

        await using (var file = new FileStream(_site.Folder.Segments.Single(), FileMode.Open))
        {
            file.SetLength(file.Length - 20);
        }

        using var again = _site.Start();
        await OpenSearchSite.LogAsync(again, 10, 10);
        await OpenSearchSite.DrainAsync(again);

        await _site.AssertArrivedOnceAsync(Enumerable.Range(0, 20).Except([9]));
    }

    [Fact]
    public async Task Check09_ARolloverWhileABatchIsInDoubt_LeavesNoDuplicate()
    {
        var lost = new TaskCompletionSource();
        var rolled = new TaskCompletionSource();
        using var link = new ServerLink
        {
            LosesAnswer = n => n == 2,
            OnLoss = () =>
            {
                lost.TrySetResult();
                return rolled.Task;
            },
        };
        using var shipping = _site.Start(link, batch: 10);
        await OpenSearchSite.LogAsync(shipping, 0, 40);
        await lost.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
        await server.SendAsync("POST", $"{_site.Stream}/_rollover");
        rolled.SetResult();
        await OpenSearchSite.DrainAsync(shipping);

        await _site.AssertArrivedOnceAsync(40);
        Assert.Equal(10, shipping.Status.AlreadyThere);
        Assert.Equal(2, (await server.SendAsync("GET", $"_data_stream/{_site.Stream}")).GetProperty("data_streams")[0].GetProperty("indices").GetArrayLength());
    }

    [Fact]
    public async Task Check10_ASkewedClock_KeepsTheEventsTimeAndRecordsTheOffset()
    {
        using var shipping = _site.Start(clock: new SkewedClock(TimeSpan.FromHours(2)));
        await OpenSearchSite.LogAsync(shipping, 0, 1, new SkewedClock(TimeSpan.FromHours(2)));
        await OpenSearchSite.DrainAsync(shipping);

        var record = Assert.Single(await _site.RecordsAsync());
        Assert.InRange(record.GetProperty("edgemesh.clock_offset_ms").GetInt64(), -7_203_000, -7_197_000);
        Assert.InRange(record.GetProperty("@timestamp").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(115), TimeSpan.FromMinutes(125));
    }

    [Fact]
    public async Task Check11_WritingIsForbidden_HoldsAndSetsNothingAside()
    {
        using var shipping = _site.Start();
        await OpenSearchSite.LogAsync(shipping, 0, 1);
        await OpenSearchSite.DrainAsync(shipping);
        await _site.AskAsync("PUT", "_settings", """{"index.blocks.write":true}""");
        await OpenSearchSite.LogAsync(shipping, 1, 10);
        await OpenSearchSite.UntilAsync(() => shipping.Status.State == LogShippingState.Held);
        Assert.Contains("403", shipping.Status.Reason, StringComparison.Ordinal);
        await _site.AskAsync("PUT", "_settings", """{"index.blocks.write":false}""");
        await OpenSearchSite.DrainAsync(shipping);

        await _site.AssertArrivedOnceAsync(11);
        Assert.False(File.Exists(_site.DeadLetters));
    }

    [Fact]
    public async Task Check12_ATemplateInTheWay_KeepsBufferingUntilItIsRemoved()
    {
        await server.SendAsync("DELETE", "_data_stream/logs-edgemesh-*");
        await server.SendAsync("DELETE", "_index_template/edgemesh-logs*");
        await server.SendAsync("PUT", "_index_template/in-the-way", """{"index_patterns":["logs-edgemesh-*"],"priority":200,"data_stream":{}}""");
        using var shipping = _site.Start();
        await OpenSearchSite.LogAsync(shipping, 0, 10);
        await OpenSearchSite.UntilAsync(() => shipping.Status.State == LogShippingState.Held);
        Assert.Contains("in-the-way", shipping.Status.Reason, StringComparison.Ordinal);
        await server.SendAsync("DELETE", "_index_template/in-the-way");
        await OpenSearchSite.DrainAsync(shipping);

        await _site.AssertArrivedOnceAsync(10);
    }

    [Fact]
    public async Task Check13_AnotherProcessOnTheFolder_IsRefusedAndTheFirstGoesOn()
    {
        using var shipping = _site.Start();
        await OpenSearchSite.LogAsync(shipping, 0, 10);
        var start = new ProcessStartInfo(Environment.ProcessPath!, [ShippingProcess.Command, _site.Folder.Path, server.Url, _site.Stream, "1000"]) { RedirectStandardError = true };
        using var second = Process.Start(start)!;
        var said = await second.StandardError.ReadToEndAsync(Cancellation);
        await second.WaitForExitAsync(Cancellation);
        await OpenSearchSite.LogAsync(shipping, 10, 10);
        await OpenSearchSite.DrainAsync(shipping);

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains("belongs to another process", said, StringComparison.Ordinal);
        await _site.AssertArrivedOnceAsync(20);
    }

    [Fact]
    public async Task Check14_DrainingAfterAnOutage_KeepsToTheByteBudget()
    {
        const int rate = 60_000;
        using var link = new ServerLink { IsCut = true };
        using var shipping = _site.Start(link, batch: 10, change: o => o with { BytesPerSecond = rate });
        for (var n = 0; n < 100; n++)
        {
            // What no compression makes smaller than half.
            AppendRaw(shipping, Convert.ToHexString(RandomNumberGenerator.GetBytes(1500)));
        }

        Assert.True(await shipping.Spool.FlushAsync());
        link.IsCut = false;
        await OpenSearchSite.DrainAsync(shipping);

        Assert.Equal(100, (await _site.MessagesAsync()).Distinct().Count());
        var (bulks, sent) = (link.Bulks, 0L);
        foreach (var bulk in bulks)
        {
            sent += bulk.Length;
            var allowed = rate + ((bulk.At - bulks[0].At).TotalSeconds * rate) + bulks.Max(b => b.Length);
            Assert.True(sent <= allowed, $"{sent} bytes after {bulk.At - bulks[0].At}, {allowed} allowed");
        }

        Assert.True(sent > 2 * rate, $"{sent} bytes are too few for the budget to hold up");
    }

    public void Dispose() => _site.Dispose();

    private static void AppendRaw(LogShipping shipping, string message) => shipping.Spool.Append(
        LogPriority.Normal, Encoding.UTF8.GetBytes($$"""{"@timestamp":"2026-01-02T03:04:05.678Z","message":"{{message}}"}"""), [], TimeProvider.System.GetUtcNow());

    private sealed class SkewedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
