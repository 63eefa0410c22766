using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>What one route was told of one group, and how the next notice fares. There is no queue of notices: what must be told follows
/// from what is and what was told, so an outage of a route ends with one notice of how things are.</summary>
internal sealed record ToldGroup
{
    /// <summary>The route.</summary>
    public required string Route { get; init; }

    /// <summary>The group.</summary>
    public required string Group { get; init; }

    /// <summary>Alerts that the route knows to fire.</summary>
    public ImmutableSortedSet<string> Firing { get; init; } = [];

    /// <summary>The last notice that was brought through, or given up.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>How often it was told again without news.</summary>
    public int Repeats { get; init; }

    /// <summary>Since when there is something to tell.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Tries that failed since.</summary>
    public int Tries { get; init; }

    /// <summary>The first of them.</summary>
    public DateTimeOffset? FirstTry { get; init; }

    /// <summary>Not before then.</summary>
    public DateTimeOffset? NextTry { get; init; }
}
