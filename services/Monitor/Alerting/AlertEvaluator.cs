using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting.Conditions;
using EdgeMesh.Services.Monitor.Alerting.Notices;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Ledgers;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>Looks at all rules. Everything that it reads is at this site, so alerts work while the site is cut off.</summary>
internal sealed partial class AlertEvaluator(
    AlertRules rules, FleetBoard board, TelemetryStore store, AnomalyWatch anomalies, LedgerWatch ledgers, SiteIdentity identity, TimeProvider clock, ILogger<AlertEvaluator> logger)
{
    private const int MostFindings = 100;

    private readonly SeriesFindings _series = new(store, identity.Site);
    private readonly LogFindings _logs = new(store, identity.Site);
    private readonly AnomalyFindings _anomalies = new(anomalies, identity.Site);

    public Evaluation Look(IReadOnlyList<RouteStatus> routes)
    {
        var now = clock.GetUtcNow();
        var findings = routes.Where(r => r.IsFailing).Select(r => RouteFailing(r, now)).ToList();
        var unknown = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (var rule in rules.Rules)
        {
            try
            {
                findings.AddRange(Of(rule, now).Take(MostFindings));
            }
            catch (Exception error) when (StoreFaults.Is(error))
            {
                // The store does not answer: what the rule said before stands until it does.
                unknown.Add(rule.Name);
                LogUnknown(rule.Name, error.Message);
            }
        }

        return new(findings, unknown.ToImmutable());
    }

    private IEnumerable<Finding> Of(AlertRule rule, DateTimeOffset now) => rule.Condition switch
    {
        SiteCondition { Test: SiteTest.LedgerSplitView } => LedgerFindings.Of(rule, ledgers.Splits),
        SiteCondition { Test: SiteTest.StoreFailing } => store.Outage is { } outage ? [StoreFailing(rule, outage, now)] : [],
        SiteCondition site => SiteFindings.Of(rule, site, board.Sites, identity.Site, board.CutOffFor, now),
        SeriesCondition series => _series.Of(rule, series, now),
        LogCondition logs => _logs.Of(rule, logs, now),
        AnomalyCondition anomaly => _anomalies.Of(rule, anomaly, now),
        _ => throw new InvalidOperationException($"A condition of type {rule.Condition.GetType().Name} is not looked at."),
    };

    private Finding StoreFailing(AlertRule rule, StoreOutage outage, DateTimeOffset now) =>
        new(rule, identity.Site, MonitorApp.AppId, "", $"{outage.Reason} (for {Figures.Time(now - outage.Since)})", "a disk that takes what comes", ConsolePaths.Site(identity.Site));

    private Finding RouteFailing(RouteStatus route, DateTimeOffset now)
    {
        var rule = new AlertRule
        {
            Name = AlertRuleNames.RouteFailing, Severity = Severity.Warning, Condition = ConditionReader.Unknown,
            Summary = "Alerts do not get through by the route '{subject}': {observed}",
        };
        return new(rule, identity.Site, MonitorApp.AppId, route.Name, $"{route.Error} (for {Figures.Time(now - (route.FailingSince ?? now))})", "notices that are taken", ConsolePaths.Alerts());
    }

    [LoggerMessage(LogLevel.Warning, "The rule {Rule} could not be looked at: {Reason}")]
    private partial void LogUnknown(string rule, string reason);
}
