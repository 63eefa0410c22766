using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

public sealed class ShippingTests : IDisposable
{
    private readonly ShippingSite _site = new();

    [Fact]
    public async Task Ship_AnAnswerThatNeverComes_IsTakenForLostAndAskedFor()
    {
        var hangs = true;
        _site.Index.Breaks = r =>
        {
            if (!hangs || !r.Path.Contains("/_bulk", StringComparison.Ordinal))
            {
                return null;
            }

            hangs = false;
            return Trouble.Hangs;
        };
        _site.Start();
        await _site.LogAsync(0, 10);
        await _site.DrainAsync(TimeSpan.FromSeconds(10));

        _site.AssertArrivedOnce(0, 10);
        Assert.Single(_site.Index.Seen, r => r.Path.Contains("/_search", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ship_ASearchThatIsNotComplete_IsNotBelieved()
    {
        var searches = 0;
        _site.Index.Breaks = r => (IsBulk(r), r.Path.Contains("/_search", StringComparison.Ordinal)) switch
        {
            (true, _) when _site.Index.Bulks.Count() == 1 => Trouble.AnswerLost,
            (_, true) when searches++ == 0 => new Trouble(200, """{"timed_out":true,"_shards":{"failed":0},"hits":{"hits":[]}}"""),
            (_, true) when searches == 2 => new Trouble(200, """{"timed_out":false,"_shards":{"failed":1},"hits":{"hits":[]}}"""),
            _ => null,
        };
        _site.Start();
        await _site.LogAsync(0, 10);
        await _site.Clock.MoveUntilAsync(() => _site.Index.Count == 10);
        _site.Index.Rollover();
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 10);
        Assert.Equal(3, searches);
    }

    [Fact]
    public async Task Ship_AGapWhoseAnswerIsLost_IsToldOnce()
    {
        _site.Index.Breaks = r => IsBulk(r) ? Trouble.AnswerLost : null;
        using (var gaps = GapLedger.Open(_site.Folder.Path, Guid.NewGuid, new LocalDisk()))
        {
            gaps.Add(LogPriority.Low, 5, 500, 0, 0);
        }

        _site.Start();
        await _site.LogAsync(0, 1);
        await _site.Clock.MoveUntilAsync(() => _site.Index.Count == 2);
        _site.Stop();
        _site.Index.Rollover();
        _site.Index.Breaks = _ => null;
        _site.Start();
        await _site.DrainAsync();

        Assert.Equal(["5 log records were lost: the spool's room ran out", "event 0"], _site.Index.Messages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Ship_WhileARequestIsUnderWay_WritesDownTheNextAndAnEndThereLosesAndRepeatsNothing()
    {
        _site.Index.Breaks = _ => Trouble.Down;
        _site.Start(o => o with { BatchRecords = 10 });
        await _site.LogAsync(0, 100);
        var bulks = 0;
        _site.Index.Breaks = r => bulks < 3 && !(IsBulk(r) && ++bulks == 3) ? null : IsBulk(r) ? Trouble.AnswerLost : Trouble.Down;
        await _site.Clock.MoveUntilAsync(() => bulks == 3 && _site.Shipping.Spool.Cursor.Sent(LogPriority.Normal).Index == 40);
        Assert.Equal((20L, 30), (_site.Shipping.Spool.Cursor.Delivered(LogPriority.Normal).Index, _site.Index.Count));
        _site.Stop();

        _site.Index.Rollover();
        _site.Index.Breaks = _ => null;
        _site.Start();
        await _site.DrainAsync();
        _site.AssertArrivedOnce(0, 100);
    }

    [Fact]
    public async Task Ship_WhatMatters_IsSentBeforeTheRestOfABacklog()
    {
        _site.Index.Breaks = _ => Trouble.Down;
        _site.Start(o => o with { BatchRecords = 50 });
        await _site.LogAsync(0, 500);
        _site.Log(LogLevel.Error, "event 500");
        Assert.True(await _site.Shipping.Spool.FlushAsync());
        _site.Index.Breaks = _ => null;
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 501);
        Assert.Contains("event 500", Encoding.UTF8.GetString(_site.Index.Bulks.First(b => b.Body.Length > 0).Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ship_AMaliciousLine_IsStoredAsOneRecordOfItsOwnFields()
    {
        const string evil = "\"}\n{\"create\":{\"_id\":\"forged\"}}\n{\"message\":\"event forged\"}\n\u0000\u001b]0;<script>alert(1)</script>";
        _site.Start();
        _site.Log(LogLevel.Information, evil);
        _site.Log(LogLevel.Information, new string('\u0007', 10_000_000));
        await _site.LogAsync(0, 1);
        await _site.DrainAsync();

        Assert.Equal(3, _site.Index.Count);
        Assert.Contains(evil, _site.Index.Messages);
        Assert.Single(_site.Index.Records, r => r.TryGetProperty("edgemesh.cut", out _));
    }

    [Fact]
    public async Task Ship_DeadLettersBeyondTheirQuota_KeepsTheNewer()
    {
        _site.Index.Item = _ => 400;
        _site.Start(o => o with { DeadLetterQuota = 20_000, BatchRecords = 10 });
        await _site.LogAsync(0, 500);
        await _site.DrainAsync();

        var files = Directory.GetFiles(_site.Folder.Path, "dead-letters*");
        Assert.Equal(2, files.Length);
        Assert.InRange(files.Sum(f => new FileInfo(f).Length), 10_000, 40_000);
        Assert.Contains("event 499", await File.ReadAllTextAsync(_site.DeadLetters, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(500, _site.Shipping.Status.DeadLettered);
    }

    [Fact]
    public async Task Ship_AKeyWithoutARightOnTemplates_TrustsTheOperatorAndShips()
    {
        _site.Index.Breaks = r => r.Path.StartsWith('_') || r.Path.Length == 0 ? new Trouble(403) : null;
        _site.Start();
        await _site.LogAsync(0, 3);
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 3);
        Assert.DoesNotContain(_site.Index.Seen, r => r.Method == "PUT");
    }

    [Fact]
    public async Task Ship_NothingInstalledAndNoRightToMakeIt_Holds()
    {
        _site.Index.Breaks = r => r.Method == "PUT" ? new Trouble(403) : null;
        _site.Start();
        await _site.LogAsync(0, 3);
        await _site.Clock.MoveUntilAsync(() => _site.Shipping.Status.State == LogShippingState.Held);

        Assert.Contains("Install those of infra/", _site.Shipping.Status.Reason, StringComparison.Ordinal);
        Assert.Empty(_site.Index.Bulks);
    }

    [Fact]
    public async Task Ship_AnOlderTemplateAndNoRightToReplaceIt_Ships()
    {
        _site.Index.Install("_index_template/edgemesh-logs", """{"version":1}""");
        _site.Index.Breaks = r => r.Method == "PUT" ? new Trouble(403) : null;
        _site.Start();
        await _site.LogAsync(0, 3);
        await _site.DrainAsync();

        _site.AssertArrivedOnce(0, 3);
    }

    [Fact]
    public void Take_TwoHostsOfOneProcessWithOneFolder_ShareIt()
    {
        _site.Start();
        using var second = LogShipping.Take(
            new LogShippingOptions { Url = new Uri("http://other.test"), Spool = new LogSpoolOptions { Folder = _site.Folder.Path } }, new TelemetryIdentity("clinic-a", "ledger"), _site.Clock);

        Assert.Same(_site.Shipping.Spool, second.Spool);
    }

    public void Dispose() => _site.Dispose();

    private static bool IsBulk(SeenRequest request) => request.Path.Contains("/_bulk", StringComparison.Ordinal);
}
