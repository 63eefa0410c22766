using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>What of the checks a real server does on demand, on OpenSearch.</summary>
[Trait("Category", "Engines")]
public sealed class OpenSearchTests(OpenSearch server) : IClassFixture<OpenSearch>, IDisposable
{
    private static readonly TelemetryIdentity Identity = new("clinic-a", "records");

    private readonly TempFolder _folder = new();
    private readonly string _stream = $"logs-edgemesh-{Guid.NewGuid():N}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ship_ToAFreshServer_MakesADataStreamWithItsMappings()
    {
        using (var shipping = Start())
        {
            await LogAsync(shipping, 0, 100);
            await DrainAsync(shipping);
            Assert.Equal(100, shipping.Status.Delivered);
        }

        var stream = (await server.SendAsync("GET", $"_data_stream/{_stream}")).GetProperty("data_streams")[0];
        Assert.Equal("edgemesh-logs", stream.GetProperty("template").GetString());
        var fields = (await server.SendAsync("GET", $"{_stream}/_field_caps?fields=labels.n,trace.id,@timestamp,message,log.level")).GetProperty("fields");
        Assert.Equal(
            ["@timestamp:date", "labels.n:keyword", "log.level:keyword", "message:text", "trace.id:keyword"],
            fields.EnumerateObject().Select(f => $"{f.Name}:{f.Value.EnumerateObject().First().Name}").Where(f => !f.EndsWith(":object", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Check03_AMixedAnswer_SetsAsideWhatTheMappingRefusesAndDeliversTheRest()
    {
        using var shipping = Start();
        await LogAsync(shipping, 0, 5);
        shipping.Spool.Append(LogPriority.Normal, "{\"@timestamp\":\"no date\",\"message\":\"event refused\"}"u8, [], TimeProvider.System.GetUtcNow());
        await LogAsync(shipping, 5, 5);
        await DrainAsync(shipping);

        await AssertArrivedOnceAsync(10);
        Assert.Equal(1, shipping.Status.DeadLettered);
        Assert.Contains("event refused", await File.ReadAllTextAsync(Path.Combine(_folder.Path, "dead-letters.ndjson"), Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check07_TheAnswerIsLostAndTheProcessEnds_TheNextStartLeavesNoGapAndNoDuplicate()
    {
        using (var shipping = Start(new LossyHandler(_ => true)))
        {
            await LogAsync(shipping, 0, 50);
            await UntilAsync(() => shipping.Status.Reason is not null);
        }

        using var again = Start();
        await LogAsync(again, 50, 50);
        await DrainAsync(again);

        await AssertArrivedOnceAsync(100);
    }

    [Fact]
    public async Task Check09_ARolloverWhileABatchIsInDoubt_LeavesNoDuplicate()
    {
        var lost = new TaskCompletionSource();
        var rolled = new TaskCompletionSource();
        using var handler = new LossyHandler(n => n == 2, async () =>
        {
            lost.TrySetResult();
            await rolled.Task;
        });
        using var shipping = Start(handler, batch: 10);
        await LogAsync(shipping, 0, 40);
        await lost.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancellation);
        await server.SendAsync("POST", $"{_stream}/_rollover");
        rolled.SetResult();
        await DrainAsync(shipping);

        await AssertArrivedOnceAsync(40);
        Assert.Equal(10, shipping.Status.AlreadyThere);
        Assert.Equal(2, (await server.SendAsync("GET", $"_data_stream/{_stream}")).GetProperty("data_streams")[0].GetProperty("indices").GetArrayLength());
    }

    [Fact]
    public async Task Check10_ASkewedClock_KeepsTheEventsTimeAndRecordsTheOffset()
    {
        using var shipping = Start(clock: new SkewedClock(TimeSpan.FromHours(2)));
        await LogAsync(shipping, 0, 1, new SkewedClock(TimeSpan.FromHours(2)));
        await DrainAsync(shipping);

        var record = Assert.Single(await server.RecordsAsync(_stream));
        Assert.InRange(record.GetProperty("edgemesh.clock_offset_ms").GetInt64(), -7_203_000, -7_197_000);
        Assert.InRange(record.GetProperty("@timestamp").GetDateTimeOffset() - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(115), TimeSpan.FromMinutes(125));
    }

    [Fact]
    public async Task Check12_ATemplateInTheWay_KeepsBufferingUntilItIsRemoved()
    {
        await server.SendAsync("DELETE", "_data_stream/logs-edgemesh-*");
        await server.SendAsync("DELETE", "_index_template/edgemesh-logs*");
        await server.SendAsync("PUT", "_index_template/in-the-way", """{"index_patterns":["logs-edgemesh-*"],"priority":200,"data_stream":{}}""");
        using var shipping = Start();
        await LogAsync(shipping, 0, 10);
        await UntilAsync(() => shipping.Status.State == LogShippingState.Held);
        Assert.Contains("in-the-way", shipping.Status.Reason, StringComparison.Ordinal);
        await server.SendAsync("DELETE", "_index_template/in-the-way");
        await DrainAsync(shipping);

        await AssertArrivedOnceAsync(10);
    }

    [Fact]
    public async Task Ship_AMaliciousLine_IsStoredAsOneRecordOfItsOwnFields()
    {
        const string evil = "\"}\n{\"create\":{\"_id\":\"forged\"}}\n{\"message\":\"event forged\"}\n\u0000\u001b]0;<script>alert(1)</script>";
        using var shipping = Start();
        Logger(shipping).LogError(new InvalidOperationException(evil), "{Evil} {Dotted}", evil, new string('\u0001', 10_000_000));
        await shipping.Spool.FlushAsync();
        await DrainAsync(shipping);

        var record = Assert.Single(await server.RecordsAsync(_stream));
        Assert.StartsWith(evil, record.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(evil, record.GetProperty("error.message").GetString());
        Assert.Equal(evil, record.GetProperty("labels").GetProperty("Evil").GetString());
    }

    [Fact]
    public async Task SavedObjects_EachQuery_FindsWhatItIsFor()
    {
        using (var shipping = Start())
        {
            using var activity = new System.Diagnostics.Activity("work").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).Start();
            Logger(shipping).LogError("it failed");
            Logger(shipping).Log(LogLevel.Information, new EventId(1, "RecordAccess"), "read", null, (text, _) => text);
            Logger(shipping).Log(LogLevel.Warning, new EventId(2, "LogHeld"), "held", null, (text, _) => text);
            shipping.Spool.Gaps.Add(LogPriority.Low, 5, 500, 0, 0);
            await shipping.Spool.FlushAsync();
            await DrainAsync(shipping);
        }

        await server.SendAsync("POST", $"{_stream}/_refresh");
        var found = new Dictionary<string, int>();
        foreach (var saved in Infra.SavedObject.All.Where(o => o.Query is not null))
        {
            var query = JsonSerializer.Serialize(new { size = 0, track_total_hits = true, query = new { query_string = new { query = saved.Query, lenient = false } } });
            found[saved.Id] = (await server.SendAsync("POST", $"{_stream}/_search", query)).GetProperty("hits").GetProperty("total").GetProperty("value").GetInt32();
        }

        Assert.Equal((1, 3, 1, 2), (found["edgemesh-errors-by-site"], found["edgemesh-one-trace"], found["edgemesh-record-access"], found["edgemesh-backlog"]));
        Assert.Equal((1, 4, 4, 1), (found["edgemesh-errors-over-time"], found["edgemesh-records-over-time"], found["edgemesh-services"], found["edgemesh-lost"]));
    }

    [Fact]
    public async Task Kill_FiveTimesAtRandomWithARolloverAfterEach_LeavesNoGapAndNoDuplicate()
    {
        using (var first = Start())
        {
            // The stream is there before the first kill, and its first record is of a number that no run reaches.
            await LogAsync(first, 900_000_000, 1);
            await DrainAsync(first);
        }

        var runs = new KilledRuns(_folder.Path, server.Url, _stream, new Random(3));
        for (var n = 0; n < 5; n++)
        {
            await runs.RunAndKillAsync(TimeSpan.FromMilliseconds(600));
            await server.SendAsync("POST", $"{_stream}/_rollover");
        }

        using var shipping = Start();
        Assert.True(await shipping.Spool.FlushAsync());
        await DrainAsync(shipping);
        var count = (await server.SendAsync("GET", $"{_stream}/_count")).GetProperty("count").GetInt32();
        Assert.InRange(count, 51, 10_000);
        runs.AssertOnceEach((await server.RecordsAsync(_stream)).Select(r => r.GetProperty("message").GetString()!));
    }

    public void Dispose() => _folder.Dispose();

    private static ILogger Logger(LogShipping shipping, TimeProvider? clock = null) => new SpoolLogger("EdgeMesh.Some", new EcsOrigin(Identity), shipping.Spool, clock ?? TimeProvider.System);

    private static async Task LogAsync(LogShipping shipping, int from, int count, TimeProvider? clock = null)
    {
        var logger = Logger(shipping, clock);
        for (var n = from; n < from + count; n++)
        {
            logger.Log(LogLevel.Information, 0, (IReadOnlyList<KeyValuePair<string, object?>>)[new("n", n)], null, (_, _) => $"event {n}");
        }

        Assert.True(await shipping.Spool.FlushAsync());
    }

    private static Task DrainAsync(LogShipping shipping) =>
        UntilAsync(() => shipping.Spool.Status.BacklogRecords == 0 && shipping.Status.State == LogShippingState.Idle);

    private static async Task UntilAsync(Func<bool> happened)
    {
        for (var tries = 0; !happened(); tries++)
        {
            Assert.True(tries < 6000, "It has not happened within a minute.");
            await Task.Delay(10, Cancellation);
        }
    }

    private LogShipping Start(HttpMessageHandler? handler = null, int batch = 2000, TimeProvider? clock = null) => LogShipping.Take(
        new LogShippingOptions
        {
            Url = new Uri(server.Url),
            Spool = new LogSpoolOptions { Folder = _folder.Path },
            Stream = _stream,
            BatchRecords = batch,
            Linger = TimeSpan.FromMilliseconds(10),
            LongestPause = TimeSpan.FromMilliseconds(500),
            LongestHold = TimeSpan.FromSeconds(1),
            Handler = handler,
        },
        Identity, clock ?? TimeProvider.System);

    private async Task AssertArrivedOnceAsync(int count) =>
        Assert.Equal(
            Enumerable.Range(0, count).Select(n => $"event {n}").Order(StringComparer.Ordinal),
            (await server.RecordsAsync(_stream)).Select(r => r.GetProperty("message").GetString()).Order(StringComparer.Ordinal));

    /// <summary>Reaches the server and loses the answers of some bulk requests.</summary>
    private sealed class LossyHandler(Func<int, bool> loses, Func<Task>? onLoss = null) : DelegatingHandler(new SocketsHttpHandler { UseProxy = false })
    {
        private int _bulks;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (request.RequestUri!.AbsolutePath.EndsWith("_bulk", StringComparison.Ordinal) && loses(Interlocked.Increment(ref _bulks)))
            {
                response.Dispose();
                await (onLoss?.Invoke() ?? Task.CompletedTask);
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely");
            }

            return response;
        }
    }

    private sealed class SkewedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
