using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>Looks at sites. Only at those that are judged here: at a core all, elsewhere this one and its cores; what a core says of the
/// others, it alerts itself.</summary>
internal static class SiteFindings
{
    public static IEnumerable<Finding> Of(AlertRule rule, SiteCondition condition, IReadOnlyList<SiteState> sites, string self, TimeSpan cutOffFor, DateTimeOffset now)
    {
        if (condition.Test == SiteTest.CutOffFor)
        {
            return cutOffFor.TotalSeconds > condition.Limit
                ? [new(rule, self, "", "", $"no core has answered for {Figures.Time(cutOffFor)}", $"an answer every {Figures.Seconds(condition.Limit)}", ConsolePaths.Site(self))]
                : [];
        }

        return sites.Where(s => s.KnownAsOf is null).SelectMany(site => Of(site, condition, now)
            .Select(f => new Finding(rule, site.Name, f.Service, "", f.Observed, f.Expected, ConsolePaths.Site(site.Name))));
    }

    private static IEnumerable<(string Service, string Observed, string Expected)> Of(SiteState site, SiteCondition condition, DateTimeOffset now)
    {
        if (condition.Test == SiteTest.ServiceNotReady)
        {
            return site.Services.Where(s => s.WaitsFor is not null).Select(s => (s.Name, s.WaitsFor!, "ready"));
        }

        return Look(site, condition, now) is { } found ? [("", found.Observed, found.Expected)] : [];
    }

    private static (string Observed, string Expected)? Look(SiteState site, SiteCondition condition, DateTimeOffset now)
    {
        var limit = condition.Limit;
        return condition.Test switch
        {
            SiteTest.Is when condition.Liveness.Contains(site.Liveness) =>
                ($"{site.Liveness} for {Figures.Time(now - site.Since)}{(site.LastSeen is { } seen ? $", last report {Figures.Time(now - seen)} ago" : "")}", "Live"),
            SiteTest.Flapping when site.IsFlapping => ("it comes and goes", "a steady link"),
            SiteTest.BacklogOlderThan when site.Backlog is { Records: > 0 } backlog && backlog.OldestAge.TotalSeconds > limit =>
                ($"{backlog.Records} records ({Amounts.Bytes(backlog.Bytes)}) wait, the oldest for {Figures.Time(backlog.OldestAge)}; {Drain(site)}", $"at most {Figures.Seconds(limit)}"),
            SiteTest.BacklogAbove when site.Backlog.Bytes > limit => ($"{Amounts.Bytes(site.Backlog.Bytes)} wait; {Drain(site)}", $"at most {Amounts.Bytes(limit)}"),
            SiteTest.DiskFreeBelow when site.Disk.FreeShare is { } share && share < limit =>
                ($"{Amounts.Bytes(site.Disk.FreeBytes)} of {Amounts.Bytes(site.Disk.TotalBytes)} ({Figures.Share(share)})", $"at least {Figures.Share(limit)}"),
            SiteTest.SkewAbove when site.Skew is { } skew && skew.Ahead.Duration() - skew.Error > TimeSpan.FromSeconds(limit) =>
                ($"{Figures.Time(skew.Ahead.Duration())} {(skew.Ahead > TimeSpan.Zero ? "ahead" : "behind")}", $"at most {Figures.Seconds(limit)}"),
            SiteTest.BudgetAbove when site.Budget is { } budget and > 0 && (double)site.BytesToday / budget > limit =>
                ($"{Amounts.Bytes(site.BytesToday)} sent today ({Figures.Share((double)site.BytesToday / budget)})", $"at most {Figures.Share(limit)} of {Amounts.Bytes(budget)}"),
            SiteTest.VersionDrift when !site.VersionDrift.IsEmpty => (string.Join("; ", site.VersionDrift), "the core's versions"),
            SiteTest.ConfigurationDrift when !site.ConfigurationDrift.IsEmpty => (string.Join(", ", site.ConfigurationDrift), "as at the core"),
            _ => null,
        };
    }

    private static string Drain(SiteState site) => site.TimeToDrain is { } time ? $"gone in {Figures.Time(time)}" : "it does not shrink";
}
