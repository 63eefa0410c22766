using System.Net;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Forward;
using EdgeMesh.Services.Monitor.Tests.Intake;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Store;

/// <summary>The disk below the store is full, and has room again.</summary>
public sealed class FullDiskTests
{
    private static readonly string Long = new('x', 500);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TelemetryBatch Heavy => FullDisk.Heavy(i => TemporaryStore.Line($"{Long} {i}", i));

    [Fact]
    public async Task Add_WhileTheDiskIsFull_SaysSoAndCounts_AndGoesOnOnceThereIsRoom()
    {
        await using var site = new TemporaryStore();
        await site.AddAsync(TemporaryStore.Line("before"));
        await site.Store.FillDiskAsync();

        Assert.Equal(AddOutcome.Failed, (await site.Store.AddAsync(Heavy)).Outcome);
        site.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(AddOutcome.Failed, (await site.Store.AddAsync(Heavy)).Outcome);

        Assert.Equal((TemporaryStore.Start, 1000L), (site.Store.Outage?.Since, site.Store.Outage?.Lost));
        Assert.Contains("full", site.Store.Outage?.Reason, StringComparison.Ordinal);
        Assert.Equal("before", Assert.Single(site.Find(new LogQuery()).Lines).Message);

        await site.Store.MakeRoomAsync();
        await site.AddAsync(TemporaryStore.Line("after"));

        Assert.Null(site.Store.Outage);
        Assert.Equal(["after", "before"], site.Find(new LogQuery()).Lines.Select(l => l.Message).Order());
        await site.ReopenAsync();
        Assert.Equal(new Dictionary<string, long> { ["not-written"] = 1000 }, site.Store.Status.GivenUp);
        Assert.Equal([LogLevel.Error, LogLevel.Warning], site.Log.Messages.Select(m => m.Level));
        Assert.Contains("1000 records", site.Log.Messages.Last().Message, StringComparison.Ordinal);
    }

    /// <summary>The same where the file system has no room, by hand: <c>mount -t tmpfs -o size=4m tmpfs DIR; TMPDIR=DIR dotnet run -c Release --project
    /// tests/EdgeMesh.Services.Monitor.Tests -- -explicit only -method "*SmallDisk*"</c>.</summary>
    [Fact(Explicit = true)]
    public async Task Add_OnASmallDiskThatIsFull_SaysSoAndCounts_AndGoesOnOnceThereIsRoom()
    {
        await using var site = new TemporaryStore();
        Assert.InRange(new DriveInfo(site.Folder).TotalSize, 0, 64 * 1024 * 1024);
        await site.AddAsync(TemporaryStore.Line("before"));
        var filler = Path.Combine(site.Folder, "filler");
        await File.WriteAllBytesAsync(filler, new byte[new DriveInfo(site.Folder).AvailableFreeSpace / 2], Cancellation);
        var stored = 1;
        for (; (await site.Store.AddAsync(Heavy)).Outcome == AddOutcome.Stored; stored += 500)
        {
            Assert.InRange(stored, 0, 500_000);
        }

        Assert.Equal(500, site.Store.Outage?.Lost);
        Assert.Equal(AddOutcome.Failed, (await site.Store.AddAsync(Heavy)).Outcome);
        Assert.Equal(stored, site.Count(new LogQuery { From = TemporaryStore.Start, To = TemporaryStore.Start.AddHours(1) }, 1).Sum(c => c.Lines));

        File.Delete(filler);
        await site.AddAsync(Heavy);

        Assert.Null(site.Store.Outage);
        Assert.Equal(stored + 500, site.Count(new LogQuery { From = TemporaryStore.Start, To = TemporaryStore.Start.AddHours(1) }, 1).Sum(c => c.Lines));
        Assert.Equal(1000, site.Store.Status.GivenUp["not-written"]);
    }

    [Fact]
    public async Task Export_WhileTheDiskIsFull_IsToldSoByEachTransport()
    {
        await using var site = await TelemetrySite.StartAsync();
        await site.Store.FillDiskAsync();
        var heavy = Exports.Logs([.. Enumerable.Range(0, 500).Select(i => Exports.Record($"{Long} {i}"))]);

        using var body = new ByteArrayContent(heavy.ToByteArray()) { Headers = { ContentType = new("application/x-protobuf") } };
        using var overHttp = await site.Otlp.PostAsync("v1/logs", body, Cancellation);
        var overGrpc = await Assert.ThrowsAsync<RpcException>(() => new LogExport(site.GrpcAddress).SendAsync(heavy));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, StatusCode.Unavailable), (overHttp.StatusCode, overGrpc.StatusCode));
        Assert.Equal(1000, site.Store.Outage?.Lost);
    }

    [Fact]
    public async Task Parcel_WhileTheCoresDiskIsFull_StaysAtTheSite_AndArrivesOnce()
    {
        await using var link = await CoreLink.StartAsync();
        await link.Core.Store.FillDiskAsync();
        await link.Edge.AddAsync(Heavy);
        await link.TurnAsync();
        Assert.Contains("store-busy", link.Forwarder.Fault, StringComparison.Ordinal);

        await link.Core.Store.MakeRoomAsync();
        for (var turn = 0; turn < 20 && link.Edge.Store.ReadOutgoing().Records > 0; turn++)
        {
            await link.TurnAsync();
        }

        Assert.Equal(500, link.Core.Store.FindLogs(new LogQuery { Site = TemporaryStore.Site, Limit = LogQuery.MostLines }, Cancellation).Lines.Select(l => l.Message).Distinct().Count());
        Assert.Null(link.Core.Store.Outage);
        Assert.Empty(link.Core.Store.Status.GivenUp);
    }

    [Fact]
    public async Task Site_WhoseDiskIsFull_HasTheAlertThatComesWithTheService_UntilThereIsRoom()
    {
        await using var site = await MonitorSite.StartAsync("clinic-a");
        await site.Store.FillDiskAsync();
        Assert.Equal(AddOutcome.Failed, (await site.Store.AddAsync(Heavy)).Outcome);

        await site.AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => site.Alerts.Active.Any(a => a.Rule == "store-failing"));
        Assert.Contains("full", site.Alerts.Active.Single(a => a.Rule == "store-failing").Summary, StringComparison.Ordinal);

        await site.Store.MakeRoomAsync();
        Assert.Equal(AddOutcome.Stored, (await site.Store.AddAsync(Heavy)).Outcome);
        await site.AdvanceUntilAsync(TimeSpan.FromSeconds(20), () => site.Alerts.Active.All(a => a.Rule != "store-failing"));
    }
}
