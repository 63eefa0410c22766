using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>What fires at this site, as it is told to a core: the worst first, bounded.</summary>
internal sealed class SiteAlerts
{
    /// <summary>So many are told one by one; of more, the number.</summary>
    public const int MostTold = 5;

    /// <summary>Characters of what is told of one.</summary>
    public const int LongestSummary = 200;

    private volatile Told _told = new(0, []);

    /// <summary>Another fires, or one is over. Handlers must be quick.</summary>
    public event Action? Changed;

    /// <summary>How many fire, and the worst of them.</summary>
    public (int Firing, ImmutableArray<SiteAlert> Worst) Now => (_told.Firing, _told.Worst);

    /// <summary>Takes the alerts of this site. What is silenced is nobody's business elsewhere either.</summary>
    public void Take(IEnumerable<Alert> alerts)
    {
        var firing = alerts.Where(a => a is { State: AlertState.Firing, SilencedUntil: null }).OrderByDescending(a => a.Severity).ThenBy(a => a.Since).ToArray();
        var told = new Told(firing.Length, [.. firing.Take(MostTold).Select(SiteAlert.Of)]);
        var isChange = told.Firing != _told.Firing || !told.Worst.Select(a => a.Key).SequenceEqual(_told.Worst.Select(a => a.Key));
        _told = told;
        if (isChange)
        {
            Changed?.Invoke();
        }
    }

    private sealed record Told(int Firing, ImmutableArray<SiteAlert> Worst);
}

/// <summary>An alert of a site, as its core has it.</summary>
/// <param name="Rule">The rule, of that site's own.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Service">The service; empty: the site as a whole.</param>
/// <param name="Summary">For people.</param>
/// <param name="Since">Since when its condition holds.</param>
internal sealed record SiteAlert(string Rule, Severity Severity, string Service, string Summary, DateTimeOffset Since)
{
    public (string, string, DateTimeOffset) Key => (Rule, Service, Since);

    public static SiteAlert Of(Alert alert) => new(
        alert.Rule, alert.Severity, alert.Service, alert.Summary.Length <= SiteAlerts.LongestSummary ? alert.Summary : alert.Summary[..(SiteAlerts.LongestSummary - 1)] + "…", alert.Since);
}
