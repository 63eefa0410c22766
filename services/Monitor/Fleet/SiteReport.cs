using System.Collections.Immutable;
using System.Text.Json;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What a site's monitor tells the core every interval, and at once when something changes. Who it is of, its caller says.</summary>
internal sealed record SiteReport
{
    /// <summary>The site's clock when it was sent.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>What waits for the link.</summary>
    public Backlog Backlog { get; init; } = new(0, 0, TimeSpan.Zero);

    /// <summary>Telemetry sent to the core since midnight UTC, in bytes.</summary>
    public long BytesToday { get; init; }

    /// <summary>What may be sent in a day, in bytes; null: no bound.</summary>
    public long? Budget { get; init; }

    /// <summary>The disk of the site's folder.</summary>
    public DiskRoom Disk { get; init; } = new(0, 0);

    /// <summary>Its services.</summary>
    public ImmutableArray<ServiceHealth> Services { get; init; } = [];

    /// <summary>A hash of each part of the configuration that should be the same everywhere.</summary>
    public ImmutableSortedDictionary<string, string> Configuration { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Its clock beside the core's; null: not measured yet.</summary>
    public ClockReading? Clock { get; init; }

    /// <summary>Anomalies of the last while.</summary>
    public ImmutableArray<AnomalyMark> Marks { get; init; } = [];

    /// <summary>How many of its own alerts fire.</summary>
    public int Firing { get; init; }

    /// <summary>The worst of them.</summary>
    public ImmutableArray<SiteAlert> Alerts
    {
        // A site of the version before says nothing of it.
        get => field.IsDefault ? [] : field;
        init;
    } = [];

    /// <summary>The last checkpoint of its ledger, as its monitor sees it: a signed note; null: none was seen.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The news of the fleet that it has, so that it gets only newer.</summary>
    public long KnownRevision { get; init; }

    /// <summary>Reads a report. What a site of another version leaves out is as if it had nothing to say of it.</summary>
    /// <exception cref="JsonException">It is no report.</exception>
    public static SiteReport? Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, FleetJson.Default.SiteReport) is { } report
        ? report with
        {
            // The generated reader passes over the defaults of properties that are missing.
            Backlog = report.Backlog ?? new(0, 0, TimeSpan.Zero),
            Disk = report.Disk ?? new(0, 0),
            Services = report.Services.IsDefault ? [] : report.Services,
            Configuration = report.Configuration ?? ImmutableSortedDictionary<string, string>.Empty,
            Marks = report.Marks.IsDefault ? [] : report.Marks,
        }
        : null;
}

/// <summary>What waits at a site for its link.</summary>
/// <param name="Records">How many.</param>
/// <param name="Bytes">How large together.</param>
/// <param name="OldestAge">How long the oldest has waited.</param>
internal sealed record Backlog(long Records, long Bytes, TimeSpan OldestAge);

/// <summary>A disk.</summary>
/// <param name="FreeBytes">What is left for the site.</param>
/// <param name="TotalBytes">Its size; 0: not known.</param>
internal sealed record DiskRoom(long FreeBytes, long TotalBytes)
{
    /// <summary>The free share, from 0 to 1; null: not known.</summary>
    public double? FreeShare => TotalBytes > 0 ? (double)FreeBytes / TotalBytes : null;
}

/// <summary>A service of a site.</summary>
/// <param name="Name">Its Dapr app id.</param>
/// <param name="Version">The version that it says it is; empty: it does not answer.</param>
/// <param name="WaitsFor">Null: it is ready; else what it waits for.</param>
internal sealed record ServiceHealth(string Name, string Version, string? WaitsFor);
