using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What the core says to a site's report.</summary>
internal sealed record ReportAnswer
{
    /// <summary>The core's clock when the report came.</summary>
    public required DateTimeOffset Received { get; init; }

    /// <summary>The core's clock when it answered.</summary>
    public required DateTimeOffset Answered { get; init; }

    /// <summary>The fleet; null: what the site has is not old, and no site became something else.</summary>
    public FleetNews? News { get; init; }

    /// <summary>Anomalies of other sites that are like the site's own of late: the same series at about the same time.</summary>
    public ImmutableArray<AnomalyMark> Similar { get; init; } = [];
}

/// <summary>The fleet, as a core sees it.</summary>
/// <param name="Revision">Grows with each change of a site's liveness; begins anew with the core's process.</param>
/// <param name="AsOf">The core's clock.</param>
/// <param name="Sites">Every site.</param>
internal sealed record FleetNews(long Revision, DateTimeOffset AsOf, ImmutableArray<SiteState> Sites);
