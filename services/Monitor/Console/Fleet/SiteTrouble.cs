using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Console.Fleet;

/// <summary>How urgent a site is, and why: what puts it first on the first page.</summary>
/// <param name="Site">The site.</param>
/// <param name="Rank">The worse the higher; 0: nothing is wrong.</param>
/// <param name="Reasons">For people, the worst first.</param>
internal sealed record SiteTrouble(SiteState Site, int Rank, IReadOnlyList<string> Reasons)
{
    private const int Severe = 60;
    private static readonly TimeSpan OldBacklog = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan FirstReport = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LargeSkew = TimeSpan.FromSeconds(5);

    public bool IsSevere => Rank >= Severe;

    public bool IsFine => Rank == 0;

    /// <summary>In the order in which somebody should look.</summary>
    public static IReadOnlyList<SiteTrouble> Sort(IEnumerable<SiteState> sites, DateTimeOffset now) =>
        [.. sites.Select(s => Of(s, now)).OrderByDescending(t => t.Rank).ThenBy(t => t.Site.Since).ThenBy(t => t.Site.Name, StringComparer.Ordinal)];

    public static SiteTrouble Of(SiteState site, DateTimeOffset now)
    {
        (int Rank, string Reason)[] found = [.. Find(site, now).OrderByDescending(f => f.Rank)];
        return new SiteTrouble(site, found.Sum(f => f.Rank), [.. found.Select(f => f.Reason)]);
    }

    private static IEnumerable<(int Rank, string Reason)> Find(SiteState site, DateTimeOffset now)
    {
        var since = Amounts.Age(now - site.Since);
        switch (site.Liveness)
        {
            case Liveness.Offline:
                yield return (1000, $"offline for {since}");
                break;
            case Liveness.Stale:
                yield return (300, site.IsFlapping ? $"comes and goes; stale for {since}" : $"silent for {Amounts.Age(now - (site.LastSeen ?? site.Since))}");
                break;
            case Liveness.Unseen:
                // A mesh that just came up is no trouble: the first reports are on their way.
                if (now - site.Since > FirstReport)
                {
                    yield return (30, "has never reported");
                }

                yield break;
            case Liveness.Live when site.IsFlapping:
                yield return (20, "comes and goes");
                break;
        }

        foreach (var service in site.Services.Where(s => s.WaitsFor is not null))
        {
            yield return (Severe, $"{service.Name} is not ready");
        }

        if (site.Firing > 0)
        {
            var isCritical = site.Alerts is [{ Severity: Severity.Critical }, ..];
            yield return (isCritical ? Severe : 20, $"{Amounts.Count(site.Firing, "alert")} of its own");
        }

        if (site.Disk.FreeShare is < 0.1 and var free)
        {
            yield return (free < 0.03 ? Severe : 20, $"{Amounts.Share(free)} of the disk is free");
        }

        if (site.Backlog.Records > 0 && site.Backlog.OldestAge > OldBacklog)
        {
            yield return (20, $"{Amounts.Count(site.Backlog.Records, "record")} wait, the oldest {Amounts.Age(site.Backlog.OldestAge)}");
        }

        if (site.Budget is > 0 and var budget && site.BytesToday > budget * 0.9)
        {
            yield return (10, $"{Amounts.Share((double)site.BytesToday / budget)} of today's budget is used");
        }

        if (site.Skew is { } skew && skew.Ahead.Duration() > LargeSkew)
        {
            yield return (10, $"its clock is {Amounts.Span(skew.Ahead.Duration())} {(skew.Ahead > TimeSpan.Zero ? "ahead" : "behind")}");
        }

        if (site.VersionDrift.Length + site.ConfigurationDrift.Length > 0)
        {
            yield return (5, site.VersionDrift.Length > 0 ? "runs other versions than the core" : "is configured otherwise than the core");
        }
    }
}
