using System.IO.Compression;
using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Intake;
using Google.Protobuf;
using Microsoft.Data.Sqlite;

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
        await Assert.ThrowsAsync<SqliteException>(() => site.AddAsync(TemporaryStore.Line("early")));

        Directory.Delete(site.File);
        await site.AddAsync(TemporaryStore.Line("later"));

        Assert.Equal("later", Assert.Single(site.Store.FindLogs(new LogQuery(), Cancellation).Lines).Message);
        Assert.False(Path.Exists($"{site.File}.aside"));
    }
}
