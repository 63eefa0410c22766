using System.Collections.Immutable;
using System.Globalization;
using CsCheck;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Notices;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Ledgers;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Console.Logs;
using EdgeMesh.Services.Monitor.Tests.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Monitor.Tests.Alerting;

public sealed class ConditionTests : IAsyncDisposable
{
    private readonly TemporaryStore _store = new();
    private readonly FleetBoard _board;
    private readonly AnomalyWatch _anomalies;
    private readonly AppClients _apps = Forward.CoreLink.Clients("http://127.0.0.1:1");
    private readonly LedgerWatch _ledgers;
    private readonly SiteIdentity _identity = new(TemporaryStore.Site, MonitorApp.AppId, Path.GetTempPath());
    private readonly LivenessRules _liveness = new();

    public ConditionTests()
    {
        var directory = new MeshDirectory(TemporaryStore.Site, [Entry(TemporaryStore.Site, false), Entry("core", true), Entry("clinic-b", false)]);
        _board = new(directory, _liveness, _store.Clock);
        _ledgers = new(directory, _board, _apps, new EvidenceFiles(_identity), _store.Clock, NullLogger<LedgerWatch>.Instance);
        _anomalies = new(_store.Store, new(), _identity, _store.Clock);
    }

    private DateTimeOffset Now => _store.Clock.GetUtcNow();

    [Fact]
    public void Site_IsLookedAtForEachTest()
    {
        var report = new SiteReport
        {
            Time = Now,
            Backlog = new(500, 2_000_000, TimeSpan.FromHours(2)),
            Disk = new(5, 100),
            Clock = new(TimeSpan.FromSeconds(-70), TimeSpan.FromSeconds(5)),
            BytesToday = 95,
            Budget = 100,
            Services = [new("records", "1.0", "heads: away"), new("ledger", "1.0", null)],
        };
        _board.Take(SiteRecord.New(TemporaryStore.Site, Now).Hear(report, _liveness, Now));

        Assert.Equal("500 records (1.91 MiB) wait, the oldest for 2h; it does not shrink", Only(Site(SiteTest.BacklogOlderThan, 3600)).Observed);
        Assert.Equal("at most 977 KiB", Only(Site(SiteTest.BacklogAbove, 1e6)).Expected);
        Assert.Equal("5 B of 100 B (5 %)", Only(Site(SiteTest.DiskFreeBelow, 0.1)).Observed);
        Assert.Equal("1m behind", Only(Site(SiteTest.SkewAbove, 60)).Observed);
        Assert.Equal("95 B sent today (95 %)", Only(Site(SiteTest.BudgetAbove, 0.9)).Observed);
        var notReady = Only(Site(SiteTest.ServiceNotReady, 0));
        Assert.Equal(("records", "heads: away", "/sites/clinic-a"), (notReady.Service, notReady.Observed, notReady.Path));

        foreach (var fine in (SiteCondition[])[Site(SiteTest.BacklogOlderThan, 7200), Site(SiteTest.BacklogAbove, 2e6), Site(SiteTest.DiskFreeBelow, 0.05), Site(SiteTest.SkewAbove, 65),
            Site(SiteTest.BudgetAbove, 0.95), Site(SiteTest.Flapping, 0), Site(SiteTest.VersionDrift, 0), Site(SiteTest.ConfigurationDrift, 0)])
        {
            Assert.Empty(Look(fine));
        }
    }

    [Fact]
    public void Sites_ThatACoreJudges_AreNotAlertedHere_AndTheCoreItselfIs()
    {
        var told = new SiteState { Name = "clinic-b", Liveness = Liveness.Offline, Since = Now };
        _board.Take(new FleetNews(1, Now, [told, told with { Name = "core" }]));
        _board.Take(SiteRecord.New("core", Now).Hear(new SiteReport { Time = Now }, _liveness, Now));
        _store.Clock.Advance(TimeSpan.FromMinutes(6));
        _board.Take(_board.Find("core")!.Look(_liveness, Now));

        var offline = Only(new SiteCondition(SiteTest.Is, 0, [Liveness.Offline, Liveness.Stale]));
        Assert.Equal(("core", "Offline for 1m, last report 6m ago", "Live"), (offline.Site, offline.Observed, offline.Expected));
        var cutOff = Only(Site(SiteTest.CutOffFor, 300));
        Assert.Equal((TemporaryStore.Site, "no core has answered for 6m"), (cutOff.Site, cutOff.Observed));
        Assert.Empty(Look(Site(SiteTest.CutOffFor, 600)));
    }

    [Theory]
    [InlineData(SeriesTake.Mean, SeriesTest.Above, 19, true)]
    [InlineData(SeriesTake.Mean, SeriesTest.Above, 20, false)]
    [InlineData(SeriesTake.Mean, SeriesTest.Below, 21, true)]
    [InlineData(SeriesTake.Last, SeriesTest.Above, 29, true)]
    [InlineData(SeriesTake.Max, SeriesTest.Above, 30, false)]
    [InlineData(SeriesTake.Min, SeriesTest.Below, 10.5, true)]
    [InlineData(SeriesTake.Rate, SeriesTest.Above, 0.9, true)]
    [InlineData(SeriesTake.Rate, SeriesTest.Above, 1.1, false)]
    internal async Task Series_IsBesideItsLimit_ByWhatIsTakenOfTheWindow(SeriesTake take, SeriesTest test, double limit, bool holds)
    {
        await _store.AddAsync(TemporaryStore.Sample("queue", 500, -400), TemporaryStore.Sample("queue", 10, -20), TemporaryStore.Sample("queue", 20, -10), TemporaryStore.Sample("queue", 30, 0));
        _store.Clock.Advance(TimeSpan.FromSeconds(1));
        var found = Look(new SeriesCondition { Name = "queue", Test = test, Take = take, Limit = limit });
        Assert.Equal(holds ? 1 : 0, found.Count);
        Assert.All(found, f => Assert.StartsWith("/metrics/", f.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Series_EachOfThoseMeant_IsAFindingOfItsOwn()
    {
        await _store.AddAsync(
            TemporaryStore.Sample("queue", 9, 0, labels: [("name", "in-1")]), TemporaryStore.Sample("queue", 9, 0, labels: [("name", "in-2")]), TemporaryStore.Sample("queue", 9, 0, labels: [("name", "out")]),
            TemporaryStore.Sample("queue", 9, 0, SeriesKinds.Rate, labels: [("name", "in-3")]), TemporaryStore.Sample("queue", 9, 0, service: "ledger", labels: [("name", "in-4")]));
        _store.Clock.Advance(TimeSpan.FromSeconds(1));
        var condition = new SeriesCondition
        {
            Name = "queue", Kind = SeriesKinds.Gauge, Service = "records", Test = SeriesTest.Above, Limit = 1,
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("name", "in*"),
        };
        Assert.Equal(["queue gauge name=in-1", "queue gauge name=in-2"], Look(condition).Select(f => f.Subject));
    }

    [Fact]
    public async Task Series_AreMeantByTheirLabels_HoweverManyOthersThereAre()
    {
        await _store.AddAsync([.. Enumerable.Range(0, SeriesQuery.MostSeries + 10).Select(i => TemporaryStore.Sample("queue", 1, labels: ("name", $"other-{i}"))), TemporaryStore.Sample("queue", 9, labels: ("name", "this-one"))]);
        _store.Clock.Advance(TimeSpan.FromSeconds(1));
        var condition = new SeriesCondition { Name = "queue", Test = SeriesTest.Above, Limit = 5 };
        Assert.Single(Look(condition with { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("name", "this-one") }));
        Assert.Single(Look(condition with { Labels = ImmutableSortedDictionary<string, string>.Empty.Add("name", "this*") }));
    }

    [Fact]
    public async Task Series_ThatIsAbsent_IsFound_AlsoWhereThereNeverWasOne()
    {
        var condition = new SeriesCondition { Name = "beat", Test = SeriesTest.Absent, Over = TimeSpan.FromMinutes(5) };
        Assert.Equal("no point for 5m", Only(condition).Observed);
        await _store.AddAsync(TemporaryStore.Sample("beat", 1));
        _store.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(Look(condition));
        _store.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(Look(condition));
    }

    [Fact]
    public async Task Share_IsOfAllOfTheService()
    {
        foreach (var (service, code, rate) in new[] { ("records", "200", 90.0), ("records", "500", 6), ("records", "503", 4), ("ledger", "200", 100), ("ledger", "500", 1) })
        {
            await _store.AddAsync(TemporaryStore.Sample("http", rate, 0, SeriesKinds.Rate, service, ("code", code)));
        }

        _store.Clock.Advance(TimeSpan.FromSeconds(1));
        var condition = new SeriesCondition { Name = "http", Test = SeriesTest.ShareAbove, Limit = 0.05, Labels = ImmutableSortedDictionary<string, string>.Empty.Add("code", "5*") };
        var found = Only(condition);
        Assert.Equal(("records", "10 % over 5m", "at most 5 %"), (found.Service, found.Observed, found.Expected));
        Assert.Empty(Look(condition with { Limit = 0.1 }));
    }

    [Fact]
    public async Task Share_OfWhatHappenedOnce_IsSmallBesideWhatGoesOn()
    {
        for (var second = 0; second < 10; second++)
        {
            await _store.AddAsync(TemporaryStore.Sample("http", 1, second, SeriesKinds.Rate, "records", ("code", "200")));
        }

        await _store.AddAsync(TemporaryStore.Sample("http", 1, 3, SeriesKinds.Rate, "records", ("code", "500")));
        _store.Clock.Advance(TimeSpan.FromSeconds(11));
        var condition = new SeriesCondition { Name = "http", Test = SeriesTest.ShareAbove, Limit = 0.08, Labels = ImmutableSortedDictionary<string, string>.Empty.Add("code", "500") };

        Assert.StartsWith("9.1 %", Only(condition).Observed, StringComparison.Ordinal);
        Assert.Empty(Look(condition with { Limit = 0.1 }));
    }

    [Fact]
    public async Task Logs_AreCountedInTheWindow_ByAllThatIsAsked()
    {
        await _store.AddAsync(
            TemporaryStore.Line("split view of log x", 0, LogLevel.Error, "ledger"), TemporaryStore.Line("split view of log y", 30, LogLevel.Error, "ledger"),
            TemporaryStore.Line("split view", 30, LogLevel.Warning, "ledger"), TemporaryStore.Line("split view", 30, LogLevel.Error), TemporaryStore.Line("fine", 30, LogLevel.Error, "ledger"),
            TemporaryStore.Line("split view", 30, LogLevel.Error, "ledger", site: "clinic-b"));
        _store.Clock.Advance(TimeSpan.FromSeconds(60));
        var condition = new LogCondition("ledger", LogLevel.Error, "split view", ImmutableSortedDictionary<string, string>.Empty, 1, TimeSpan.FromMinutes(2));
        var found = Only(condition);
        Assert.Equal(("ledger", "2 lines in 2m", "at most 1"), (found.Service, found.Observed, found.Expected));
        Assert.StartsWith("/logs?site=clinic-a&service=ledger&level=Error&q=split%20view&from=", found.Path, StringComparison.Ordinal);
        Assert.Empty(Look(condition with { Above = 2 }));
        Assert.Empty(Look(condition with { Over = TimeSpan.FromSeconds(40) }));
    }

    [Theory]
    [InlineData(null, "http.route", "/fhir/Patient", 2)]
    [InlineData("status=500", null, null, 1)]
    [InlineData("say \"no\"  \\", "http.route", "/fhir/Patient", 1)]
    public async Task Logs_TheirLink_ShowsTheLinesThatWereCounted(string? text, string? field, string? value, int lines)
    {
        await _store.AddAsync(
            TemporaryStore.Line("status=500", 1, LogLevel.Error), TemporaryStore.Line("say \"no\"  \\ twice", 2, LogLevel.Error, fields: ("http.route", "/fhir/Patient")),
            TemporaryStore.Line("say \"no\" \\", 3, LogLevel.Error, fields: ("http.route", "/fhir/Patient")), TemporaryStore.Line("fine", 4, LogLevel.Error, fields: ("status", "500")),
            TemporaryStore.Line("fine", 5, LogLevel.Error, fields: ("status", "500")));
        _store.Clock.Advance(TimeSpan.FromSeconds(60));
        var fields = ImmutableSortedDictionary<string, string>.Empty;
        var found = Only(new LogCondition(null, LogLevel.Error, text, field is null ? fields : fields.Add(field, value!), 0, TimeSpan.FromMinutes(2)));

        Assert.Equal($"{lines} lines in 2m", found.Observed);
        Assert.Equal(lines, _store.Find(LogFilterTests.Follow(found.Path).Query(100)).Lines.Count);
    }

    [Fact]
    public void Logs_WhateverIsAsked_TheirLinkAsksTheSame() =>
        Gen.Select(Searches.Text, Searches.Fields, Gen.Enum<LogLevel>().Where(l => l < LogLevel.None), Gen.OneOf(Gen.Const((string?)null), Gen.Const((string?)"records"))).Sample((text, fields, level, service) =>
        {
            var condition = new LogCondition(service, level, text, fields.ToImmutableSortedDictionary(StringComparer.Ordinal), -1, TimeSpan.FromMinutes(5));
            var shown = LogFilterTests.Follow(Only(condition).Path).Query(100);

            Assert.Equal((Now - condition.Over, Now, TemporaryStore.Site, service, level, text, (string?)null), (shown.From, shown.To, shown.Site, shown.Service, shown.LeastLevel, shown.Text, shown.TraceId));
            Assert.Equal(fields.OrderBy(f => f.Key, StringComparer.Ordinal), shown.Fields.OrderBy(f => f.Key, StringComparer.Ordinal));
        }, iter: 100, threads: 1);

    [Fact]
    public void Series_OfAName_LeadToThoseOfTheSite() =>
        Assert.Equal("/metrics?q=queue%20x&site=clinic-a&service=records", Only(new SeriesCondition { Name = "queue x", Service = "records", Test = SeriesTest.Absent }).Path);

    [Fact]
    public void Route_ThatFails_IsAFinding_OnceItIsNoAccident()
    {
        var evaluator = Evaluator(new SiteCondition(SiteTest.Flapping, 0, []));
        var once = RouteStatus.New("duty").Failed("it answers 500", false, Now);
        Assert.Empty(evaluator.Look([once]).Findings);
        var found = Assert.Single(evaluator.Look([once.Failed("it answers 500", false, Now)]).Findings);
        Assert.Equal(("route-failing", "duty"), (found.Rule.Name, found.Subject));
        Assert.Contains("it answers 500", found.Summary, StringComparison.Ordinal);
        Assert.Empty(evaluator.Look([once.Failed("x", false, Now).Succeeded(Now)]).Findings);
    }

    [Fact]
    public async Task StoreThatFails_LeavesTheRuleUnknown_AndTheOthersAreLookedAt()
    {
        await _store.AddAsync(TemporaryStore.Line("x"));
        await using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_store.File};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "DROP TABLE log";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var evaluator = Evaluator(
            new LogCondition(null, LogLevel.Error, null, ImmutableSortedDictionary<string, string>.Empty, 0, TimeSpan.FromMinutes(1)), new SeriesCondition { Name = "beat", Test = SeriesTest.Absent });
        var look = evaluator.Look([]);
        Assert.Equal(["rule-0"], look.Unknown);
        Assert.Equal("rule-1", Assert.Single(look.Findings).Rule.Name);
    }

    [Fact]
    public void Anomaly_OfNoSeries_IsNoFinding() => Assert.Empty(Look(new AnomalyCondition(["*"], 0.3, TimeSpan.FromMinutes(15))));

    [Fact]
    public async Task Anomaly_OfASeries_SaysWhatCameAndWhatWasExpected_AndWhereElseItWasAlike()
    {
        var mark = await JumpAsync();
        _anomalies.TakeSimilar([mark with { Site = "clinic-b", Time = mark.Time.AddMinutes(1) }]);
        var condition = new AnomalyCondition(["http.server.request.duration"], mark.Score, TimeSpan.FromMinutes(15));

        var found = Only(condition);

        Assert.Equal((TemporaryStore.Site, "records", "http.server.request.duration p95", $"/metrics/{mark.SeriesId}"), (found.Site, found.Service, found.Subject, found.Path));
        Assert.Equal($"100 at {mark.Time.UtcDateTime:HH:mm} UTC", found.Observed);
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{mark.Expected:G4}, from {mark.Low:G4} to {mark.High:G4}"), found.Expected);
        Assert.InRange(mark.Expected, 9, 11);
        Assert.Equal("clinic-b", Assert.Single(found.Similar).Site);
        Assert.Single(Look(condition with { Series = ["http.server.*"] }));
        Assert.Empty(Look(condition with { Series = ["http.server"] }));
        Assert.Empty(Look(condition with { LeastScore = mark.Score + 0.001 }));
        _store.Clock.Advance(condition.Hold);
        Assert.Empty(Look(condition));
    }

    public ValueTask DisposeAsync()
    {
        _ledgers.Dispose();
        _apps.Dispose();
        return _store.DisposeAsync();
    }

    private static SiteCondition Site(SiteTest test, double limit) => new(test, limit, []);

    /// <summary>A series that was steady for two hours and a half, and then was not.</summary>
    private async Task<AnomalyMark> JumpAsync()
    {
        const int minutes = 150;
        await _store.AddAsync([.. Enumerable.Range(0, minutes + 1).Select(m => TemporaryStore.Sample("http.server.request.duration", m == minutes ? 100 : 10 + (m % 3 * 0.1), m * 60, SeriesKinds.P95))]);
        for (var i = 0; i <= minutes; i += 50)
        {
            _store.Clock.SetUtcNow(TemporaryStore.Start.AddMinutes(i + 1) + AnomalyWatch.Settle);
            _anomalies.Look();
        }

        return Assert.Single(_anomalies.Since(TemporaryStore.Start));
    }

    private Finding Only(AlertCondition condition) => Assert.Single(Look(condition));

    private IReadOnlyList<Finding> Look(AlertCondition condition) => Evaluator(condition).Look([]).Findings;

    private AlertEvaluator Evaluator(params AlertCondition[] conditions) => new(
        new AlertRules { Rules = [.. conditions.Select((c, i) => Rules.Rule($"rule-{i}", condition: c))] }, _board, _store.Store, _anomalies, _ledgers, _identity, _store.Clock, NullLogger<AlertEvaluator>.Instance);

    private static SiteEntry Entry(string name, bool isCore) => new(name, name, null, default, "", "", isCore);
}
