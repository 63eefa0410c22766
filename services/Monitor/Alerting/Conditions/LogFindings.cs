using System.Globalization;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>Counts this site's log lines in the local store.</summary>
internal sealed class LogFindings(TelemetryStore store, string site)
{
    public IEnumerable<Finding> Of(AlertRule rule, LogCondition condition, DateTimeOffset now)
    {
        var query = new LogQuery { From = now - condition.Over, To = now, Site = site, Service = condition.Service, LeastLevel = condition.LeastLevel, Text = condition.Text, Fields = condition.Fields };
        var lines = store.ReadLevelCounts(query, 1).Sum(c => c.Lines);
        if (lines > condition.Above)
        {
            yield return new(rule, site, condition.Service ?? "", "", string.Create(CultureInfo.InvariantCulture, $"{lines} lines in {Figures.Time(condition.Over)}"),
                string.Create(CultureInfo.InvariantCulture, $"at most {condition.Above}"), ConsolePaths.Logs(site, query));
        }
    }
}
