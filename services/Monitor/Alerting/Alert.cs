using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>Where an alert is in its life.</summary>
internal enum AlertState
{
    /// <summary>Its condition holds, not yet for long enough.</summary>
    Pending,

    /// <summary>It is told.</summary>
    Firing,

    /// <summary>It is over.</summary>
    Resolved,
}

/// <summary>One thing that is wrong.</summary>
internal sealed record Alert
{
    /// <summary>The same as long as it lasts, also over restarts; another the next time.</summary>
    public required string Id { get; init; }

    /// <summary>The rule.</summary>
    public required string Rule { get; init; }

    /// <summary>How much it matters.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Where.</summary>
    public required string Site { get; init; }

    /// <summary>The service; empty: the site as a whole.</summary>
    public string Service { get; init; } = "";

    /// <summary>What of it, such as a series with its labels; empty: nothing narrower.</summary>
    public string Subject { get; init; } = "";

    /// <summary>For people.</summary>
    public required string Summary { get; init; }

    /// <summary>What was expected.</summary>
    public string Expected { get; init; } = "";

    /// <summary>What came.</summary>
    public string Observed { get; init; } = "";

    /// <summary>Since when the condition holds.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When its condition held last.</summary>
    public required DateTimeOffset LastHeld { get; init; }

    /// <summary>For so long its condition must not hold before it is over.</summary>
    public TimeSpan KeepFor { get; init; }

    /// <summary>When its condition had held for long enough; null: it has not.</summary>
    public DateTimeOffset? FiringSince { get; init; }

    /// <summary>When it was over; null: it is not.</summary>
    public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required AlertState State { get; init; }

    /// <summary>Until when nobody is told; null: it is not silenced.</summary>
    public DateTimeOffset? SilencedUntil { get; init; }

    /// <summary>The view of the console that shows it.</summary>
    public required string ConsoleUrl { get; init; }

    /// <summary>Like events at other sites, as far as a core said so.</summary>
    public ImmutableArray<AnomalyMark> Similar { get; init; } = [];
}
