using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>What shipping makes on a real server, and what the server then finds.</summary>
[Trait("Category", "Engines")]
[Collection(OpenSearchCollection.Name)]
public sealed class OpenSearchTests(OpenSearch server) : IDisposable
{
    private readonly OpenSearchSite _site = new(server);

    [Fact]
    public async Task Ship_ToAFreshServer_MakesADataStreamWithItsMappings()
    {
        using (var shipping = _site.Start())
        {
            await OpenSearchSite.LogAsync(shipping, 0, 100);
            await OpenSearchSite.DrainAsync(shipping);
            Assert.Equal(100, shipping.Status.Delivered);
        }

        var stream = (await server.SendAsync("GET", $"_data_stream/{_site.Stream}")).GetProperty("data_streams")[0];
        Assert.Equal("edgemesh-logs", stream.GetProperty("template").GetString());
        var fields = (await server.SendAsync("GET", $"{_site.Stream}/_field_caps?fields=labels.n,trace.id,@timestamp,message,log.level")).GetProperty("fields");
        Assert.Equal(
            ["@timestamp:date", "labels.n:keyword", "log.level:keyword", "message:text", "trace.id:keyword"],
            fields.EnumerateObject().Select(f => $"{f.Name}:{f.Value.EnumerateObject().First().Name}").Where(f => !f.EndsWith(":object", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Ship_AMaliciousLine_IsStoredAsOneRecordOfItsOwnFields()
    {
        const string evil = "\"}\n{\"create\":{\"_id\":\"forged\"}}\n{\"message\":\"event forged\"}\n\u0000\u001b]0;<script>alert(1)</script>";
        using var shipping = _site.Start();
        OpenSearchSite.Logger(shipping).LogError(new InvalidOperationException(evil), "{Evil} {Dotted}", evil, new string('\u0001', 10_000_000));
        await shipping.Spool.FlushAsync();
        await OpenSearchSite.DrainAsync(shipping);

        var record = Assert.Single(await _site.RecordsAsync());
        Assert.StartsWith(evil, record.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(evil, record.GetProperty("error.message").GetString());
        Assert.Equal(evil, record.GetProperty("labels").GetProperty("Evil").GetString());
    }

    [Fact]
    public async Task Kill_FiveTimesAtRandomWithARolloverAfterEach_LeavesNoGapAndNoDuplicate()
    {
        using (var first = _site.Start())
        {
            // The stream is there before the first kill, and its first record is of a number that no run reaches.
            await OpenSearchSite.LogAsync(first, 900_000_000, 1);
            await OpenSearchSite.DrainAsync(first);
        }

        var runs = new KilledRuns(_site.Folder.Path, server.Url, _site.Stream, new Random(3));
        for (var n = 0; n < 5; n++)
        {
            await runs.RunAndKillAsync(TimeSpan.FromMilliseconds(600));
            await server.SendAsync("POST", $"{_site.Stream}/_rollover");
        }

        using var shipping = _site.Start();
        Assert.True(await shipping.Spool.FlushAsync());
        await OpenSearchSite.DrainAsync(shipping);
        var count = (await server.SendAsync("GET", $"{_site.Stream}/_count")).GetProperty("count").GetInt32();
        Assert.InRange(count, 51, 10_000);
        runs.AssertOnceEach((await _site.RecordsAsync()).Select(r => r.GetProperty("message").GetString()!));
    }

    public void Dispose() => _site.Dispose();
}
