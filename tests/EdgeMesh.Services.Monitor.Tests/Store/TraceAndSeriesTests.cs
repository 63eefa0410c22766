using EdgeMesh.Services.Monitor.Store;
using static EdgeMesh.Services.Monitor.Tests.Store.TemporaryStore;

namespace EdgeMesh.Services.Monitor.Tests.Store;

public sealed class TraceAndSeriesTests
{
    private const string Slow = "00000000000000000000000000000001";
    private const string Failed = "00000000000000000000000000000002";

    [Fact]
    public async Task FindTraces_WhoseRootComesLast_AreNamedByTheRootAndCountAllSpans()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Span(Slow, "0000000000000002", "0000000000000001", "db", 5, 100));
        await temporary.AddAsync(Span(Slow, "0000000000000001", null, "GET /fhir", 0, 200, service: "gateway"), Span(Slow, "0000000000000002", "0000000000000001", "db", 5, 100));

        var trace = Assert.Single(temporary.Find(new TraceQuery()));

        Assert.Equal(new TraceSummary(Slow, Site, "gateway", "GET /fhir", Start, TimeSpan.FromMilliseconds(200), 2, 0), trace with { Spans = temporary.FindTrace(Slow).Count });
        Assert.Equal(2, trace.Spans);
        Assert.Equal(["GET /fhir", "db"], temporary.FindTrace(Slow).Select(s => s.Name));
        Assert.Equal("/fhir", temporary.FindTrace(Slow)[0].Attributes["http.route"]);
    }

    [Fact]
    public async Task FindTraces_ByWhatIsKnownOfThem_FindsThoseAlone()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Span(Slow, "0000000000000001", null, "slow", 0, 900), Span(Failed, "0000000000000003", null, "failed", 1000, error: true, service: "gateway"));

        Assert.Equal(["failed", "slow"], Names(new TraceQuery()));
        Assert.Equal(["failed"], Names(new TraceQuery { OnlyErrors = true }));
        Assert.Equal(["slow"], Names(new TraceQuery { LeastDuration = TimeSpan.FromMilliseconds(500) }));
        Assert.Equal(["failed"], Names(new TraceQuery { Service = "gateway" }));
        Assert.Equal(["slow"], Names(new TraceQuery { Text = "LOW" }));
        Assert.Equal(["failed"], Names(new TraceQuery { From = Start.AddMilliseconds(1) }));

        IEnumerable<string> Names(TraceQuery query) => temporary.Find(query).Select(t => t.Name);
    }

    [Fact]
    public async Task ListSeries_OfAService_FindsItBehindAnyNumberOfOthers()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync([.. Enumerable.Range(0, SeriesQuery.MostSeries + 1).Select(i => Sample("queue", 1, service: "noisy", labels: ("n", $"{i}"))), Sample("request.duration", 1, service: "quiet")]);

        Assert.Equal(SeriesQuery.MostSeries, temporary.ListSeries(new SeriesQuery { Site = Site }).Count);
        Assert.Equal("quiet", Assert.Single(temporary.ListSeries(new SeriesQuery { Site = Site, Text = "DURATION" })).Service);
        Assert.Single(temporary.ListSeries(new SeriesQuery { Site = Site, Service = "quiet" }));
        Assert.Single(temporary.ListSeries(new SeriesQuery { Name = "request.*" }));
        Assert.Empty(temporary.ListSeries(new SeriesQuery { Name = "request" }));
        Assert.Equal(["noisy", "quiet"], temporary.Store.ListServices(Site));
    }

    [Fact]
    public async Task ReadSeries_OverManySlots_GivesTheirPointsInOrderThinnedToTheHighest()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync([.. Enumerable.Range(0, 240).Select(i => Sample("requests", i % 60 == 7 ? 99 : 1, i * 15, labels: ("route", "/a")))]);
        await temporary.AddAsync(Sample("requests", 5, labels: ("route", "/b")));
        var series = Assert.Single(temporary.ListSeries(new SeriesQuery { Name = "requests", Labels = new Dictionary<string, string> { ["route"] = "/a" } }));

        var all = temporary.ReadSeries(series.Id, Start, Start.AddHours(1), 1000);
        var thin = temporary.ReadSeries(series.Id, Start, Start.AddHours(1), 4);

        Assert.Equal(Enumerable.Range(0, 240).Select(i => Start.AddSeconds(i * 15)), all.Select(p => p.Time));
        Assert.Equal([99, 99, 99, 99], thin.Select(p => p.Value));
        Assert.Equal(2, temporary.ListSeries(new SeriesQuery { Service = "records", Since = Start }).Count);
        Assert.Empty(temporary.ListSeries(new SeriesQuery { Since = Start.AddHours(2) }));
    }
}
