using System.Net;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Store;
using Microsoft.Extensions.Logging;
using static EdgeMesh.Services.Monitor.Tests.Store.TemporaryStore;

namespace EdgeMesh.Services.Monitor.Tests.Querying;

public sealed class QueryTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static readonly Caller Operator = new() { Kind = CallerKind.User, Subject = "olga", Site = TelemetrySite.Site, Roles = ["operator"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_OfEachKind_AnswersWhatTheStoreHas()
    {
        await using var site = await TelemetrySite.StartAsync();
        await site.Store.AddAsync(new TelemetryBatch
        {
            Logs = [Line("calm"), Line("<b>bad</b>", 1, LogLevel.Error, trace: Trace, fields: ("Count", "3"))],
            Spans = [Span(Trace, "0000000000000001", null, "GET /fhir", 0, 200)],
            Samples = [Sample("queue", 7, labels: ("topic", "a"))],
        });

        var logs = await AskAsync(site, "logs?level=error&field.Count=3&from=2026-03-01&to=2026-03-02");
        var counts = await AskAsync(site, "logs/counts?from=2026-03-01T12:00:00Z&to=2026-03-01T13:00:00Z&parts=1");
        var traces = await AskAsync(site, "traces?milliseconds=100&service=records");
        var spans = await AskAsync(site, $"traces/{Trace}");
        var series = await AskAsync(site, "series?name=queue&field.topic=a");
        var points = await AskAsync(site, $"series/{series[0].GetProperty("id").GetInt64()}?from=2026-03-01&to=2026-03-02");
        var status = await AskAsync(site, "status");

        var line = Assert.Single(logs.GetProperty("lines").EnumerateArray());
        Assert.Equal(("<b>bad</b>", "Error", "3", Trace), (Text(line, "message"), Text(line, "level"), line.GetProperty("fields").GetProperty("Count").GetString(), Text(line, "traceId")));
        Assert.Equal(["Information", "Error"], counts.EnumerateArray().Select(c => Text(c, "level")));
        Assert.Equal((0.2, "GET /fhir"), (traces[0].GetProperty("duration").GetDouble(), Text(traces[0], "name")));
        Assert.Equal("0000000000000001", Text(spans[0], "spanId"));
        Assert.Equal(7, points[0].GetProperty("value").GetDouble());
        Assert.True(status.GetProperty("store").GetProperty("bytes").GetInt64() > 0);
    }

    [Theory]
    [InlineData("logs?level=loud&limit=9999", HttpStatusCode.BadRequest, "query-malformed")]
    [InlineData("traces/xyz", HttpStatusCode.BadRequest, "query-malformed")]
    [InlineData("series/1?from=yesterday-ish", HttpStatusCode.BadRequest, "query-malformed")]
    [InlineData("logs?trace=abc", HttpStatusCode.BadRequest, "query-malformed")]
    [InlineData("logs/counts?to=0001-01-01T00:00:00Z", HttpStatusCode.BadRequest, "query-malformed")]
    [InlineData("series/1?to=0001-01-01T00:00:00Z", HttpStatusCode.BadRequest, "query-malformed")]
    [InlineData("traces/00000000000000000000000000000009", HttpStatusCode.NotFound, "trace-unknown")]
    public async Task Get_OfWhatCantBe_SaysWhy(string path, HttpStatusCode status, string code)
    {
        await using var site = await TelemetrySite.StartAsync();

        using var answer = await site.SendAsync(HttpMethod.Get, $"monitor/{path}", Operator);

        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(code, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ByWhomItIsNotFor_IsRefused()
    {
        await using var site = await TelemetrySite.StartAsync();

        using var nobody = await site.SendAsync(HttpMethod.Get, "monitor/logs", null);
        using var doctor = await site.SendAsync(HttpMethod.Get, "monitor/logs", Operator with { Roles = ["practitioner"], Scopes = ["user/*.cruds"] });
        using var program = await site.SendAsync(HttpMethod.Get, "monitor/logs", Operator with { Roles = [], Scopes = ["monitor"] });
        using var peer = await site.SendAsync(HttpMethod.Get, "monitor/logs", new Caller { Kind = CallerKind.Site, Subject = "clinic-b", Site = "clinic-b", Roles = ["admin"] });

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.Unauthorized], new[] { nobody, doctor, program, peer }.Select(a => a.StatusCode));
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static async Task<JsonElement> AskAsync(TelemetrySite site, string path)
    {
        using var answer = await site.SendAsync(HttpMethod.Get, $"monitor/{path}", Operator);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
