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
    public void Take_AnyNumberOfSizes_RemembersTheLast()
    {
        var memory = new CheckpointMemory();
        for (var size = 1; size <= CheckpointMemory.MostSizes + 1; size++)
        {
            Assert.Null(memory.Take(Seen(size, 1, "core")));
        }

        Assert.Null(memory.Take(Seen(1, 2, "core")));
        Assert.NotNull(memory.Take(Seen(CheckpointMemory.MostSizes + 1, 2, "core")));
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
        var (evidence, log) = (services.GetRequiredService<EvidenceFiles>(), new Heard());
        using var watch = new LedgerWatch(services.GetRequiredService<MeshDirectory>(), services.GetRequiredService<FleetBoard>(), services.GetRequiredService<AppClients>(), evidence, clock, log);
        var told = Note(9, 2, Clinic);
        await ReportAsync(host, new SiteReport { Time = MonitorSite.Start, Checkpoint = Encoding.UTF8.GetString(shown) });
        await watch.LookAsync(Cancellation);
        Assert.False(Directory.Exists(evidence.Folder));

        await ReportAsync(host, new SiteReport { Time = MonitorSite.Start, Checkpoint = Encoding.UTF8.GetString(told) });
        await watch.LookAsync(Cancellation);
        await watch.LookAsync(Cancellation);

        var files = Directory.GetFiles(evidence.Folder).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal([shown, told], files.Select(File.ReadAllBytes));
        Assert.Equal(2, files.Length);
        Assert.Equal([("clinic-a", 9L)], watch.Latest.Select(l => (l.Key, l.Value.Size)));

        // And the rule that comes with the service makes it an alert.
        var rule = Assert.IsType<LogCondition>(RulesReader.Read("alerts.yaml", LoadedRules.Own()).Rules!.Rules.Single(r => r.Name == "ledger-split-view").Condition);
        var (level, message) = Assert.Single(log.Messages);
        Assert.True(level >= rule.LeastLevel);
        Assert.Contains(rule.Text!, message, StringComparison.OrdinalIgnoreCase);
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

    /// <summary>What the watch logs.</summary>
    private sealed class Heard : ILogger<LedgerWatch>
    {
        public List<(LogLevel Level, string Message)> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Messages.Add((logLevel, formatter(state, exception)));
    }
}
