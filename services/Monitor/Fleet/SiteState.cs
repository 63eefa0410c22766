using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>A site, as the board shows it.</summary>
internal sealed record SiteState
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is a core, which the others report to.</summary>
    public bool IsCore { get; init; }

    /// <summary>What it is.</summary>
    public required Liveness Liveness { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Its last report; null: there was none.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>Whether it comes and goes (<see cref="LivenessRules"/>).</summary>
    public bool IsFlapping { get; init; }

    /// <summary>What waits there for the link, by its last report.</summary>
    public Backlog Backlog { get; init; } = new(0, 0, TimeSpan.Zero);

    /// <summary>Until that is gone at the measured rate; null: it does not shrink, or nobody knows.</summary>
    public TimeSpan? TimeToDrain { get; init; }

    /// <summary>Its clock beside the core's.</summary>
    public ClockReading? Skew { get; init; }

    /// <summary>Telemetry sent since midnight UTC, in bytes.</summary>
    public long BytesToday { get; init; }

    /// <summary>What may be sent in a day, in bytes; null: no bound.</summary>
    public long? Budget { get; init; }

    /// <summary>Services that run another version than the core's: <c>records 0.1.0, core 0.2.0</c>.</summary>
    public ImmutableArray<string> VersionDrift { get; init; } = [];

    /// <summary>Parts of the configuration that differ from the core's: <c>components</c>, <c>rules</c>, <c>mesh</c>.</summary>
    public ImmutableArray<string> ConfigurationDrift { get; init; } = [];

    /// <summary>The disk of its folder.</summary>
    public DiskRoom Disk { get; init; } = new(0, 0);

    /// <summary>Its services.</summary>
    public ImmutableArray<ServiceHealth> Services { get; init; } = [];

    /// <summary>How many of its own alerts fire there, by its last report.</summary>
    public int Firing { get; init; }

    /// <summary>The worst of them; only at a core, which has them from the site itself.</summary>
    public ImmutableArray<SiteAlert> Alerts
    {
        // A core of the version before says nothing of it.
        get => field.IsDefault ? [] : field;
        init;
    } = [];

    /// <summary>Null: judged here, by the site's own reports. Else the core said so, at that time.</summary>
    public DateTimeOffset? KnownAsOf { get; init; }
}
