using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Ledgers;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Monitor.Tests.Ledgers;

public sealed class LedgerWatchTests
{
    private static readonly LedgerKey Clinic = LedgerKey.Generate(LedgerKey.OriginOf("clinic-a"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Take_TwoRootsOfOneSize_IsASplitView_AndNothingElseIs()
    {
        var memory = new CheckpointMemory();
        Assert.Null(memory.Take(Seen(5, 1, "core")));
        Assert.Null(memory.Take(Seen(5, 1, "clinic-a")));
        Assert.Null(memory.Take(Seen(6, 2, "core")));

        var split = memory.Take(Seen(5, 3, "clinic-a"));

        Assert.Equal(("core", "clinic-a"), (split?.One.SeenBy, split?.Other.SeenBy));
        Assert.Null(SeenCheckpoint.Open(Note(5, 1, LedgerKey.Generate(Clinic.Name)), Clinic.VerifierKey, "core"));
    }

    [Fact]
    public void Take_AnyNumberOfSizes_RemembersThoseSeenLast()
    {
        var memory = new CheckpointMemory();
        for (var size = 1; size <= CheckpointMemory.MostSizes + 1; size++)
        {
            Assert.Null(memory.Take(Seen(1, 1, "clinic-a")));
            Assert.Null(memory.Take(Seen(size, 1, "core")));
        }

        Assert.NotNull(memory.Take(Seen(1, 2, "core")));
        Assert.NotNull(memory.Take(Seen(CheckpointMemory.MostSizes + 1, 2, "core")));
        Assert.Null(memory.Take(Seen(2, 2, "core")));
    }

    [Fact]
    public void Take_ASizeBelowAllThatAreKnown_IsRemembered()
    {
        var memory = new CheckpointMemory();
        for (var size = 1; size <= CheckpointMemory.MostSizes; size++)
        {
            Assert.Null(memory.Take(Seen(1_000_000_000L + size, 1, "core")));
        }

        Assert.Null(memory.Take(Seen(5, 1, "core")));
        Assert.NotNull(memory.Take(Seen(5, 2, "clinic-a")));
    }

    [Fact]
    public async Task Core_ShownAnotherHistoryThanTheSiteItself_KeepsBothAsProof_Once()
    {
        var clock = new FakeTimeProvider(MonitorSite.Start);
        var shown = Note(9, 1, Clinic);
        await using var host = await DaprTestHost.StartAsync(new()
        {
            Site = "core",
            Clock = clock,
            Resources = TestComponents.InMemory,
            Directory = new MeshDirectory("core", [new("core", "org", null, default, "", "", true), new("clinic-a", "org-a", new("https://mesh.invalid"), default, Clinic.VerifierKey.ToString(), "", false)]),
            Apps = [new TestApp(MonitorApp.AppId, MonitorApp.Create), new TestApp("gateway", builder => Gateway(builder, () => Volatile.Read(ref shown)))],
        }, Cancellation);
        var services = host.Services(MonitorApp.AppId);
        var (evidence, log) = (services.GetRequiredService<EvidenceFiles>(), new HeardLogger<LedgerWatch>());
        using var watch = new LedgerWatch(services.GetRequiredService<MeshDirectory>(), services.GetRequiredService<FleetBoard>(), services.GetRequiredService<AppClients>(), evidence, clock, log);
        var told = Note(9, 2, Clinic);
        await ReportAsync(host, new SiteReport { Time = MonitorSite.Start, Checkpoint = Encoding.UTF8.GetString(shown) });
        await watch.LookAsync(Cancellation);
        Assert.False(Directory.Exists(evidence.Folder));

        await ReportAsync(host, new SiteReport { Time = MonitorSite.Start, Checkpoint = Encoding.UTF8.GetString(told) });
        await watch.LookAsync(Cancellation);
        await watch.LookAsync(Cancellation);

        var files = Directory.GetFiles(evidence.Folder).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal([Encoding.UTF8.GetBytes(Clinic.VerifierKey.ToString()), shown, told], files.Select(File.ReadAllBytes));
        Assert.Equal([("clinic-a", 9L)], watch.Latest.Select(l => (l.Key, l.Value.Size)));

        Assert.Equal(LogLevel.Error, Assert.Single(log.Messages).Level);

        // It is known again after a restart, and until somebody has taken the proof away.
        // At once, before it asks anybody; and also if the mesh's directory has another key by then.
        var renewed = new MeshDirectory("core", [new("core", "org", null, default, "", "", true), new("clinic-a", "org-a", new("https://mesh.invalid"), default, LedgerKey.Generate(Clinic.Name).VerifierKey.ToString(), "", false)]);
        using (var started = new LedgerWatch(renewed, services.GetRequiredService<FleetBoard>(), services.GetRequiredService<AppClients>(), evidence, clock, log))
        {
            await started.StartAsync(Cancellation);
            for (var looks = 0; started.Splits.Count == 0; looks++)
            {
                Assert.True(looks < 3_000, "the proof on disk is not found");
                await Task.Delay(10, Cancellation);
            }

            Assert.Equal("clinic-a", Assert.Single(started.Splits).Site);
            await started.StopAsync(Cancellation);
        }

        using var again = new LedgerWatch(services.GetRequiredService<MeshDirectory>(), services.GetRequiredService<FleetBoard>(), services.GetRequiredService<AppClients>(), evidence, clock, log);
        foreach (var looks in (LedgerWatch[])[watch, again])
        {
            await looks.LookAsync(Cancellation);
            var split = Assert.Single(looks.Splits);
            Assert.Equal(("clinic-a", Clinic.Name, 9L), (split.Site, split.Log, Assert.Single(split.Sizes)));
        }

        await ReportAsync(host, new SiteReport { Time = MonitorSite.Start, Checkpoint = Encoding.UTF8.GetString(shown) });
        await File.WriteAllBytesAsync(files[2], Note(9, 2, LedgerKey.Generate(Clinic.Name)), Cancellation);
        await again.LookAsync(Cancellation);
        Assert.Empty(again.Splits);
        Directory.Delete(evidence.Folder, recursive: true);
        await watch.LookAsync(Cancellation);
        Assert.Empty(watch.Splits);
        Assert.Equal([LogLevel.Error, LogLevel.Warning], log.Messages.Select(m => m.Level));
    }

    [Fact]
    public async Task Site_ThatKeepsProofOfASplitView_HasTheAlertThatComesWithTheService()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-split-").FullName;
        try
        {
            var evidence = new EvidenceFiles(new SiteIdentity(MonitorSite.Core, MonitorApp.AppId, data));
            Assert.True(evidence.Keep(SplitView.Open(Note(9, 1, Clinic), Note(9, 2, Clinic), Clinic.VerifierKey)!, Clinic.VerifierKey));
            await using var site = await MonitorSite.StartAsync(MonitorSite.Core, data: data, ledgers: [("clinic-a", Clinic.VerifierKey.ToString())]);

            await site.AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => site.Alerts.Active.Any(a => a.Rule == "ledger-split-view"));

            var alert = site.Alerts.Active.Single(a => a.Rule == "ledger-split-view");
            Assert.Equal(("clinic-a", "ledger", Clinic.Name, Severity.Critical), (alert.Site, alert.Service, alert.Subject, alert.Severity));
            Assert.Contains("two roots at size 9", alert.Summary, StringComparison.Ordinal);
            Assert.EndsWith("/ledger", alert.ConsoleUrl, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Site_WhoseWitnessWasShownAnotherHistory_KeepsTheProof(bool witnessSawBoth)
    {
        var (one, other) = (Encoding.UTF8.GetString(Note(9, 1, Clinic)), Note(9, 2, Clinic));
        await using var host = await DaprTestHost.StartAsync(new()
        {
            Site = "core",
            Clock = new FakeTimeProvider(MonitorSite.Start),
            Resources = TestComponents.InMemory,
            Directory = new MeshDirectory("core", [new("core", "org", null, default, "", "", true), new("clinic-a", "org-a", new("https://mesh.invalid"), default, Clinic.VerifierKey.ToString(), "", false)]),
            Apps =
            [
                new TestApp(MonitorApp.AppId, MonitorApp.Create), new TestApp("gateway", builder => Gateway(builder, () => witnessSawBoth ? Encoding.UTF8.GetBytes(one) : other)),
                new TestApp("ledger", builder =>
                {
                    var app = builder.Build();
                    app.MapGet("/ledger/witness/clinic-a", () => Results.Json(new { checkpoint = one, other = witnessSawBoth ? Encoding.UTF8.GetString(other) : null }));
                    return app;
                }),
            ],
        }, Cancellation);

        var watch = host.Services(MonitorApp.AppId).GetRequiredService<LedgerWatch>();
        await watch.LookAsync(Cancellation);

        Assert.Equal(("clinic-a", 9L), Assert.Single(watch.Splits) is var split ? (split.Site, Assert.Single(split.Sizes)) : default);
    }

    private static async Task ReportAsync(DaprTestHost host, SiteReport report)
    {
        var services = host.Services(MonitorApp.AppId);
        using var client = host.InvokeClient("gateway", MonitorApp.AppId);
        var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(report, FleetJson.Default.SiteReport)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "mesh/monitor/report") { Content = body };
        var key = await services.GetRequiredService<SiteSecrets>().GetAsync(SiteSecrets.CallerSigningKey, Cancellation);
        request.Headers.Add(CallerTokens.Header, services.GetRequiredService<CallerTokens>().Sign(new Caller { Kind = CallerKind.Site, Subject = "clinic-a", Site = "clinic-a" }, "core", key));
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private static WebApplication Gateway(WebApplicationBuilder builder, Func<byte[]> shown)
    {
        var app = builder.Build();
        app.MapGet("/mesh/clinic-a/mesh/ledger/checkpoint", (RequestDelegate)(context => context.Response.Body.WriteAsync(shown(), context.RequestAborted).AsTask()));
        return app;
    }

    private static SeenCheckpoint Seen(long size, byte root, string by) => SeenCheckpoint.Open(Note(size, root, Clinic), Clinic.VerifierKey, by)!;

    private static byte[] Note(long size, byte root, LedgerKey key) =>
        Checkpoint.TryParse($"{Clinic.Name}\n{size}\n{Convert.ToBase64String([.. Enumerable.Repeat(root, 32)])}\n", out var checkpoint) ? checkpoint.Sign(key).ToBytes() : throw new InvalidOperationException("no checkpoint");
}
