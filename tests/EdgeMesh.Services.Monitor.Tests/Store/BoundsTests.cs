using System.Diagnostics;
using System.IO.Compression;
using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Intake;
using Google.Protobuf;

namespace EdgeMesh.Services.Monitor.Tests.Store;

/// <summary>Senders that give the store more, or stranger, than it is made for; and a disk that refuses.</summary>
public sealed class BoundsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Next_AMillisecondIsFull_GoesOnToTheNext()
    {
        var ids = new TimedIds();

        Assert.Equal(TemporaryStore.Start, TimedIds.Time(ids.Next(TemporaryStore.Start)));
        Assert.Equal(TemporaryStore.Start.AddMilliseconds(1), TimedIds.Time(ids.Next(TemporaryStore.Start, tries: 64)));
        Assert.Equal(TemporaryStore.Start.AddMilliseconds(1000), TimedIds.Time(ids.Next(TemporaryStore.Start, tries: 64_000)));
    }

    [Fact]
    public async Task Export_OfMoreRecordsThanOneMayHold_IsRefusedForGoodWithTheReason()
    {
        await using var site = await TelemetrySite.StartAsync();
        var request = Exports.Logs([.. Enumerable.Range(0, 100_001).Select(_ => Exports.Record("x", 9))]);
        using var content = new ByteArrayContent(request.ToByteArray()) { Headers = { ContentType = new("application/x-protobuf") } };

        using var answer = await site.Otlp.PostAsync("v1/logs", content, Cancellation);

        var partial = EdgeMesh.Services.Monitor.Intake.Protos.ExportLogsServiceResponse.Parser.ParseFrom(await answer.Content.ReadAsByteArrayAsync(Cancellation)).PartialSuccess;
        Assert.Equal(100_001, partial.RejectedLogRecords);
        Assert.Contains("100000 records", partial.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(site.Store.FindLogs(new LogQuery(), Cancellation).Lines);
    }

    [Fact]
    public async Task Unpack_AParcelOfMoreRecordsThanOneMayHold_IsRefused()
    {
        var parcel = new EdgeMesh.Services.Monitor.Forward.Protos.Parcel { Epoch = "e", Sequence = 1 };
        parcel.Logs.AddRange(Enumerable.Range(0, ParcelCodec.MostRecords + 1).Select(_ => new EdgeMesh.Services.Monitor.Forward.Protos.Parcel.Types.LogRow()));
        using var body = new MemoryStream();
        await using (var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true))
        {
            parcel.WriteTo(gzip);
        }

        body.Position = 0;
        await Assert.ThrowsAsync<InvalidDataException>(() => ParcelCodec.UnpackAsync(body, Cancellation));
    }

    [Fact]
    public async Task Add_TheDiskRefusesAtFirst_IsAskedAgainAndNothingIsPutAside()
    {
        await using var site = new TemporaryStore();
        Directory.CreateDirectory(site.File);
        Assert.Equal(AddOutcome.Failed, (await site.Store.AddAsync(new TelemetryBatch { Logs = [TemporaryStore.Line("early")] })).Outcome);
        Assert.Equal(1, site.Store.Outage?.Lost);

        Directory.Delete(site.File);
        await site.AddAsync(TemporaryStore.Line("later"));

        Assert.Equal("later", Assert.Single(site.Store.FindLogs(new LogQuery(), Cancellation).Lines).Message);
        Assert.False(Path.Exists($"{site.File}.aside"));
    }

    [Fact]
    public async Task ReadSeries_OfAllTime_LooksThroughWhatIsKeptAlone()
    {
        await using var site = new TemporaryStore();
        await site.AddAsync(TemporaryStore.Sample("queue", 1), TemporaryStore.Sample("queue", 2, second: 7200), TemporaryStore.Sample("other", 3));
        var series = Assert.Single(site.ListSeries(new SeriesQuery { Name = "queue" }));
        var started = Stopwatch.StartNew();

        var points = site.ReadSeries(series.Id, DateTimeOffset.MinValue, DateTimeOffset.MaxValue, 100_000);

        Assert.Equal([1, 2], points.Select(p => p.Value));
        // A walk through every slot since the year 1 takes minutes.
        Assert.True(started.Elapsed < TimeSpan.FromSeconds(15), $"It took {started.Elapsed}.");
        Assert.Equal(series.Id, site.Store.FindSeries(series.Id)?.Id);
        Assert.Null(site.Store.FindSeries(4711));
    }

    [Fact]
    public async Task Add_OfMoreServicesThanASiteMayHave_RefusesAndCountsThem_AndOtherSitesHaveRoom()
    {
        await using var site = new TemporaryStore();
        var made = new TelemetryBatch { Logs = [.. Enumerable.Range(0, NameTables.MostSourcesOfASite + 3).Select(i => TemporaryStore.Line("x", service: $"made-up-{i}", site: "clinic-b"))] };

        await site.Store.AddForwardedAsync(made, "clinic-b", "e", 1);
        await site.ReopenAsync();
        await site.Store.AddForwardedAsync(made with { Logs = [.. made.Logs.Take(1), TemporaryStore.Line("x", service: "new", site: "clinic-b")] }, "clinic-b", "e", 2);
        await site.AddAsync(TemporaryStore.Line("x"));

        Assert.Equal(new Dictionary<string, long> { ["too-many-names of clinic-b"] = 4 }, site.Store.Status.GivenUp);
        Assert.Equal(NameTables.MostSourcesOfASite, site.Store.ListServices("clinic-b").Count);
        Assert.Equal(["records"], site.Store.ListServices(TemporaryStore.Site));
    }

    [Fact]
    public async Task Add_OfMoreSeriesThanASiteMayHave_RefusesTheNew_AndTellsTheSender()
    {
        await using var site = new TemporaryStore();
        SeriesSample Sample(int i, string of) => TemporaryStore.Sample("queue", i, labels: ("made-up", $"{i}")) with { Site = of };
        await site.AddAsync([.. Enumerable.Range(0, NameTables.MostSeriesOfASite).Select(i => Sample(i, TemporaryStore.Site))]);

        var more = await site.Store.AddAsync(new TelemetryBatch { Samples = [Sample(0, TemporaryStore.Site) with { Time = TemporaryStore.Start.AddSeconds(1) }, Sample(-1, TemporaryStore.Site)] });
        await site.Store.AddForwardedAsync(new TelemetryBatch { Samples = [Sample(0, "clinic-b")] }, "clinic-b", "e", 1);

        Assert.Equal((AddOutcome.Stored, 1), (more.Outcome, more.Refused));
        Assert.Contains($"{NameTables.MostSeriesOfASite} series of a site", more.Reason, StringComparison.Ordinal);
        Assert.Single(site.ListSeries(new SeriesQuery { Site = "clinic-b" }));
        Assert.Equal(1, site.Store.Status.GivenUp["too-many-names of clinic-a"]);
    }

    [Fact]
    public async Task ReadSeries_OfAnEmptyStore_IsEmpty()
    {
        await using var site = new TemporaryStore();

        Assert.Empty(site.ReadSeries(1, DateTimeOffset.MinValue, DateTimeOffset.MaxValue, 10));
    }
}
