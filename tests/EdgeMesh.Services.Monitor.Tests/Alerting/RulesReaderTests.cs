using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Fleet;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Alerting;

public sealed class RulesReaderTests
{
    [Fact]
    public void OwnRules_AreGood_AndCoverWhatAnOperatorMustKnow()
    {
        var rules = LoadedRules.Read(null).Rules;
        Assert.Empty(rules.Routes);
        Assert.Superset(
            new HashSet<string> { "site-offline", "site-stale", "backlog-old", "disk-low", "requests-fail", "errors-logged", "ledger-split-view", "anomaly", "cut-off" },
            rules.Rules.Select(r => r.Name).ToHashSet());
    }

    [Fact]
    public void EveryKind_IsRead()
    {
        var rules = Good("""
            notices: { groupBy: [rule, site], wait: 30s, interval: 5m, repeatEvery: 1h, mostRepeats: 2, giveUpAfter: 6h }
            routes:
              - name: duty
                least: critical
                webhook: { urlSecret: duty-hook, tokenSecret: duty-token }
              - name: mail
                email: { server: mail.example.org, port: 465, from: edge@example.org, to: [ops@example.org, it@example.org], user: edge, passwordSecret: smtp }
              - name: chat
                binding: { component: chat, operation: post }
            rules:
              - { name: a, severity: critical, for: 2m, keepFor: 0s, site: { is: [stale, offline] }, summary: "{site}", routes: [duty] }
              - { name: b, site: { diskFreeBelow: 12.5% }, summary: low }
              - { name: c, site: { backlogOlderThan: 1h }, summary: old }
              - { name: d, series: { name: x, kind: p95, service: records, labels: { r: "/a*" }, take: max, above: 2.5, over: 10m }, summary: slow }
              - { name: e, series: { name: x, absentFor: 1d }, summary: gone }
              - { name: f, series: { name: x, labels: { c: "5*" }, shareAbove: 5% }, summary: fails }
              - { name: g, logs: { service: ledger, level: error, text: split view, fields: { log: audit }, above: 3, over: 1h }, summary: logs }
              - { name: h, anomaly: { series: [http.*, faas.errors], leastScore: 0.5, hold: 30m }, summary: new }
              - { name: i, site: { flapping: true }, summary: flaps }
            """);

        Assert.Equal([GroupKey.Rule, GroupKey.Site], rules.Notices.GroupBy);
        Assert.Equal((30, 300, 3600, 2, 6), (rules.Notices.Wait.TotalSeconds, rules.Notices.Interval.TotalSeconds, rules.Notices.RepeatEvery.TotalSeconds, rules.Notices.MostRepeats, rules.Notices.GiveUpAfter.TotalHours));
        Assert.Equal(new WebhookRoute("duty", Severity.Critical, null, "duty-hook", "duty-token"), rules.Routes[0]);
        var mail = Assert.IsType<EmailRoute>(rules.Routes[1]);
        Assert.Equal(("mail.example.org", 465, true, "edge", "smtp", 2), (mail.Server, mail.Port, mail.Tls, mail.User, mail.PasswordSecret, mail.To.Length));
        Assert.Equal(new BindingRoute("chat", Severity.Info, "chat", "post"), rules.Routes[2]);

        var a = rules.Rules[0];
        Assert.Equal((Severity.Critical, 120, 0), (a.Severity, a.For.TotalSeconds, a.KeepFor.TotalSeconds));
        Assert.Equal(["duty"], a.Routes);
        Assert.Equal([Liveness.Stale, Liveness.Offline], Assert.IsType<SiteCondition>(a.Condition).Liveness);
        Assert.Equal(["duty", "mail", "chat"], rules.Rules[1].Routes);
        Assert.Equal((SiteTest.DiskFreeBelow, 0.125), Site(rules.Rules[1]));
        Assert.Equal((SiteTest.BacklogOlderThan, 3600), Site(rules.Rules[2]));
        var d = Assert.IsType<SeriesCondition>(rules.Rules[3].Condition);
        Assert.Equal(("x", "p95", "records", "/a*", SeriesTake.Max, SeriesTest.Above, 2.5, 600), (d.Name, d.Kind, d.Service, d.Labels["r"], d.Take, d.Test, d.Limit, d.Over.TotalSeconds));
        var e = Assert.IsType<SeriesCondition>(rules.Rules[4].Condition);
        Assert.Equal((SeriesTest.Absent, 1), (e.Test, e.Over.TotalDays));
        Assert.Equal((SeriesTest.ShareAbove, 0.05), (((SeriesCondition)rules.Rules[5].Condition).Test, ((SeriesCondition)rules.Rules[5].Condition).Limit));
        var g = Assert.IsType<LogCondition>(rules.Rules[6].Condition);
        Assert.Equal(("ledger", LogLevel.Error, "split view", "audit", 3, 60), (g.Service, g.LeastLevel, g.Text, g.Fields["log"], g.Above, g.Over.TotalMinutes));
        var h = Assert.IsType<AnomalyCondition>(rules.Rules[7].Condition);
        Assert.Equal((2, 0.5, 30), (h.Series.Length, h.LeastScore, h.Hold.TotalMinutes));
        Assert.Equal((SiteTest.Flapping, 0), Site(rules.Rules[8]));
    }

    [Fact]
    public void EveryFault_IsTold_WithFileLineAndKey()
    {
        var faults = Faults("""
            notices: { wait: soon, colour: red }
            routes:
              - name: duty
                webhook: { url: ftp://x }
              - name: duty
                email: { server: s, from: nobody, to: [], user: u }
              - name: none
            rules:
              - name: a
                severity: bad
                for: 2 minutes
                site: { is: [gone], flapping: true }
                summary: x
                routes: [nobody]
              - name: a
                series: { name: x, shareAbove: 5 }
              - name: b
                logs: { above: 1 }
                anomaly: {}
                summary: x
              - name: c
                logs: { above: 1 }
                summary: x
                foo: bar
              - name: route-failing
                site: { flapping: false }
                summary: x
            """);

        string[] expected =
        [
            "alerts.yaml:1: 'notices.wait' is 'soon'", "alerts.yaml:1: 'notices.colour' is not known here; known are giveUpAfter, groupBy",
            "alerts.yaml:4: 'routes[0].webhook.url' is 'ftp://x'", "alerts.yaml:5: 'routes[1].name' is 'duty', as another", "alerts.yaml:6: 'routes[1].email.from' has 'nobody'",
            "alerts.yaml:6: 'routes[1].email.to' must have 1 to 20", "'routes[1].email.passwordSecret' needs both", "alerts.yaml:7: 'routes[2]' must have one of webhook, email, binding",
            "alerts.yaml:10: 'rules[0].severity' is 'bad': give one of info, warning, critical", "alerts.yaml:11: 'rules[0].for' is '2 minutes'", "alerts.yaml:12: 'rules[0].site' must have one of is,",
            "alerts.yaml:14: 'rules[0].routes' names 'nobody'", "alerts.yaml:15: 'rules[1].name' is 'a', as another", "'rules[1].series.shareAbove' is '5': give a share", "'rules[1].series.shareAbove' needs labels",
            "'rules[1].summary' is missing", "'rules[2]' must have one of site, series, logs, anomaly, and has logs, anomaly", "'rules[3].logs.level' must be warning or above", "alerts.yaml:24: 'rules[3].foo' is not known",
            "'rules[4].name' is 'route-failing', which the monitor uses", "'rules[4].site.flapping' can only be true",
        ];
        Assert.All(expected, e => Assert.Contains(faults, f => f.Contains(e, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("", "one mapping")]
    [InlineData("- a", "one mapping")]
    [InlineData("rules: [a", "alerts.yaml:")]
    [InlineData("rules: []", "give at least one rule")]
    [InlineData("rules: x", "'rules' must be a list of mappings")]
    [InlineData("rules: [{name: a, name: b}]", "alerts.yaml:1:")]
    [InlineData("rules: [{name: a, summary: [x], site: {flapping: true}}]", "'rules[0].summary' must be a text")]
    [InlineData("rules: [{name: a, summary: x, site: y}]", "'rules[0].site' must be a mapping")]
    [InlineData("rules: [{name: a, summary: x, site: {is: 1}}]", "has '1'")]
    [InlineData("rules: [{name: a, summary: x, series: {name: y, above: NaN}}]", "'rules[0].series.above' is 'NaN'")]
    [InlineData("rules:\n- {name: a, summary: x,\n   series: {name: y, above: 1, over: 0s}}", "alerts.yaml:3: 'rules[0].series.over' must be more than nothing")]
    [InlineData("rules: [{name: a, summary: x, site: {flapping: true}, for: 900d}]", "at most 7d")]
    [InlineData("rules:\n- {name: a, summary: x,\n   logs: {level: error, over: 0s}}", "alerts.yaml:3: 'rules[0].logs.over' must be more than nothing")]
    [InlineData("rules:\n- {name: a, summary: x,\n   logs: {fields: {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10, k: 11}}}", "alerts.yaml:3: 'rules[0].logs.fields' is more than the console can search for: at most 10 fields")]
    public void AFile_ThatCantBe_SaysWhy(string text, string why) => Assert.Contains(Faults(text), f => f.Contains(why, StringComparison.Ordinal));

    [Fact]
    public void LogLines_ThatTheConsoleCantSearchFor_AreNoRule() =>
        Assert.Contains(Faults($"rules: [{{name: a, summary: x, logs: {{text: {new string('x', 1001)}}}}}]"), f => f.Contains("1000 characters", StringComparison.Ordinal));

    [Fact]
    public void AMissingFile_StopsTheStart_AndSaysWhich()
    {
        var error = Assert.Throws<InvalidOperationException>(() => LoadedRules.Read(Path.Combine(Path.GetTempPath(), "no-such-alerts.yaml")));
        Assert.Contains("no-such-alerts.yaml", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("4h", 14_400)]
    [InlineData("1d", 86_400)]
    public void Duration_AsPeopleWriteIt_IsReadAndWritten(string text, int seconds)
    {
        Assert.True(Durations.TryRead(text, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
        Assert.Equal(text == "90s" ? "1m" : text, Durations.Write(duration));
    }

    private static (SiteTest, double) Site(AlertRule rule) => Assert.IsType<SiteCondition>(rule.Condition) is var site ? (site.Test, site.Limit) : default;

    private static AlertRules Good(string text)
    {
        var result = RulesReader.Read("alerts.yaml", text);
        Assert.Empty(result.Faults);
        return result.Rules!;
    }

    private static IReadOnlyList<string> Faults(string text)
    {
        var result = RulesReader.Read("alerts.yaml", text);
        Assert.Null(result.Rules);
        return result.Faults;
    }
}
