using System.Net;
using System.Text;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Monitor.Tests.Alerting;

public sealed class AlertEndpointTests
{
    private static readonly Caller Operator = new() { Kind = CallerKind.User, Subject = "olga", Site = TelemetrySite.Site, Roles = ["operator"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silence_OverHttp_IsMadeShownAndEnded_ByWhomTheTokenNames()
    {
        await using var site = await TelemetrySite.StartAsync(("Alerts:LookSeconds", "3600"));
        var book = site.Host.Services(MonitorApp.AppId).GetRequiredService<AlertBook>();
        await book.TakeAsync(new([new(Rules.Rule("disk"), TelemetrySite.Site, "", "", "3 %", "15 %", "/sites/x")], []), Cancellation);

        var (made, silence) = await AskAsync(site, HttpMethod.Post, "silences", new { rule = "disk", why = "works", until = TimeProvider.System.GetUtcNow().AddHours(1) });
        var (_, shown) = await AskAsync(site, HttpMethod.Get, "alerts");
        var (_, listed) = await AskAsync(site, HttpMethod.Get, "silences");

        Assert.Equal((HttpStatusCode.Created, "olga"), (made, silence.GetProperty("by").GetString()));
        var id = silence.GetProperty("id").GetString();
        Assert.Equal(id, listed[0].GetProperty("id").GetString());
        Assert.Equal(silence.GetProperty("until").GetDateTimeOffset(), shown.GetProperty("alerts")[0].GetProperty("silencedUntil").GetDateTimeOffset());
        Assert.Equal("disk", shown.GetProperty("alerts")[0].GetProperty("rule").GetString());

        Assert.Equal(HttpStatusCode.NoContent, (await AskAsync(site, HttpMethod.Delete, $"silences/{id}")).Status);
        var (again, gone) = await AskAsync(site, HttpMethod.Delete, $"silences/{id}");
        Assert.Equal((HttpStatusCode.NotFound, "silence-unknown"), (again, gone.GetProperty("code").GetString()));
        Assert.Empty(book.Silences);
    }

    [Theory]
    [InlineData("""{ "why": "works", "until": "2999-01-01T00:00:00Z" }""", "Name a rule")]
    [InlineData("""{ "rule": "disk", "until": "2999-01-01T00:00:00Z" }""", "Say who silences")]
    [InlineData("""{ "rule": "disk", "why": "works", "until": "2999-01-01T00:00:00Z" }""", "within 30 days")]
    [InlineData("""{ "rule": "disk", "why": "works" }""", "must end after now")]
    [InlineData("silence!", "Send JSON")]
    public async Task Silence_ThatCantBe_SaysWhy(string body, string reason)
    {
        await using var site = await TelemetrySite.StartAsync();

        using var answer = await site.SendAsync(HttpMethod.Post, "monitor/silences", Operator, Encoding.UTF8.GetBytes(body));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_ByAProgramThatOnlyReads_AreShown_AndNotSilenced()
    {
        await using var site = await TelemetrySite.StartAsync();
        var program = Operator with { Roles = [], Scopes = ["monitor"] };

        using var shown = await site.SendAsync(HttpMethod.Get, "monitor/alerts", program);
        using var silenced = await site.SendAsync(HttpMethod.Post, "monitor/silences", program, "{}"u8.ToArray());
        using var ended = await site.SendAsync(HttpMethod.Delete, "monitor/silences/x", program);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (shown.StatusCode, silenced.StatusCode, ended.StatusCode));
    }

    [Fact]
    public async Task Silence_ByWhomItIsNotFor_IsRefused()
    {
        await using var site = await TelemetrySite.StartAsync();
        var body = Encoding.UTF8.GetBytes("""{ "rule": "disk", "why": "works", "until": "2999-01-01T00:00:00Z" }""");

        using var nobody = await site.SendAsync(HttpMethod.Post, "monitor/silences", null, body);
        using var doctor = await site.SendAsync(HttpMethod.Post, "monitor/silences", Operator with { Roles = ["practitioner"] }, body);
        using var peer = await site.SendAsync(HttpMethod.Get, "monitor/alerts", new Caller { Kind = CallerKind.Site, Subject = "clinic-b", Site = "clinic-b", Roles = ["admin"] });

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized], new[] { nobody, doctor, peer }.Select(a => a.StatusCode));
    }

    [Fact]
    public async Task Silence_BeyondWhatIsKept_IsRefusedWithWhatToDo()
    {
        await using var site = await TelemetrySite.StartAsync(("Alerts:LookSeconds", "3600"));
        var until = TimeProvider.System.GetUtcNow().AddHours(1);
        var book = site.Host.Services(MonitorApp.AppId).GetRequiredService<AlertBook>();
        for (var i = 0; i < AlertTable.MostSilences; i++)
        {
            Assert.Null(await book.SilenceAsync(new($"{i}", "disk", null, null, "ada", "works", until.AddHours(-1), until), Cancellation));
        }

        var (status, json) = await AskAsync(site, HttpMethod.Post, "silences", new { rule = "disk", why = "works", until });

        Assert.Equal((HttpStatusCode.Conflict, "silences-full"), (status, json.GetProperty("code").GetString()));
        Assert.Contains("end one that nobody needs", json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(AlertTable.MostSilences, book.Silences.Count);
    }

    [Fact]
    public async Task Silence_ThatCantBeWritten_DoesNotHold_NorDoesItsEnd_AndTheNextWriteSaysWhatHolds()
    {
        await using var site = await TelemetrySite.StartAsync(("Alerts:LookSeconds", "3600"));
        var (book, until) = (site.Host.Services(MonitorApp.AppId).GetRequiredService<AlertBook>(), TimeProvider.System.GetUtcNow().AddHours(1));
        await book.TakeAsync(new([new(Rules.Rule("disk"), TelemetrySite.Site, "", "", "3 %", "15 %", "/sites/x")], []), Cancellation);
        var (_, kept) = await AskAsync(site, HttpMethod.Post, "silences", new { rule = "kept", why = "works", until });

        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, To: "heads" });
        var (made, refusal) = await AskAsync(site, HttpMethod.Post, "silences", new { rule = "disk", why = "works", until });
        var (ended, _) = await AskAsync(site, HttpMethod.Delete, $"silences/{kept.GetProperty("id").GetString()}");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "store-busy", HttpStatusCode.ServiceUnavailable), (made, refusal.GetProperty("code").GetString(), ended));
        Assert.Equal("kept", Assert.Single(book.Silences).Rule);
        Assert.Null(Assert.Single(book.Active).SilencedUntil);

        site.Host.Faults.Clear();
        Assert.Equal(HttpStatusCode.Created, (await AskAsync(site, HttpMethod.Post, "silences", new { rule = "disk", why = "works", until })).Status);
        Assert.Equal(["kept", "disk"], book.Silences.Select(s => s.Rule));
    }

    [Fact]
    public async Task Silence_AfterARestart_LeavesWhatWasKnownBefore()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-silences-").FullName;
        try
        {
            await using (var before = await MonitorSite.StartAsync("clinic-a", data: data, resources: SqliteComponents.Yaml))
            {
                Assert.Null(await before.Alerts.SilenceAsync(Quiet(before, "first"), Cancellation));
            }

            await using var after = await MonitorSite.StartAsync("clinic-a", data: data, resources: SqliteComponents.Yaml, settings: ("Alerts:LookSeconds", "3600"));
            Assert.Null(await after.Alerts.SilenceAsync(Quiet(after, "second"), Cancellation));
            Assert.Equal(["first", "second"], after.Alerts.Silences.Select(s => s.Id));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }

        static Silence Quiet(MonitorSite site, string id) => new(id, "disk", null, null, "ada", "works", site.Clock.GetUtcNow(), site.Clock.GetUtcNow().AddHours(1));
    }

    private static async Task<(HttpStatusCode Status, JsonElement Json)> AskAsync(TelemetrySite site, HttpMethod method, string path, object? body = null)
    {
        using var answer = await site.SendAsync(method, $"monitor/{path}", Operator, body is null ? null : JsonSerializer.SerializeToUtf8Bytes(body));
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        return (answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}
