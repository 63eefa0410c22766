using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>All that the core keeps of a site; what the site's actor has in its state.</summary>
internal sealed record SiteRecord
{
    /// <summary>So many changes of a site are kept.</summary>
    public const int MostChanges = 200;

    private const int MostMarks = 50;

    /// <summary>Under these nobody is ever silent.</summary>
    private static readonly LivenessRules Always = new() { StaleAfter = TimeSpan.FromDays(36_500), OfflineAfter = TimeSpan.FromDays(36_500) };

    /// <summary>The site.</summary>
    public required string Site { get; init; }

    /// <summary>Its dead-man's switch.</summary>
    public required LivenessState Liveness { get; init; }

    /// <summary>Its last report, without marks; null: there was none.</summary>
    public SiteReport? Report { get; init; }

    /// <summary>How fast its backlog shrinks.</summary>
    public DrainRate? Drain { get; init; }

    /// <summary>Its changes, oldest first.</summary>
    public ImmutableArray<LivenessChange> Changes { get; init; } = [];

    /// <summary>Its last anomalies, oldest first: other sites ask for similar ones.</summary>
    public ImmutableArray<AnomalyMark> Marks { get; init; } = [];

    /// <summary>A site that nobody has heard of.</summary>
    public static SiteRecord New(string site, DateTimeOffset now) => new() { Site = site, Liveness = LivenessState.Watch(now) };

    /// <summary>A report came.</summary>
    public SiteRecord Hear(SiteReport report, LivenessRules rules, DateTimeOffset now) => Look(rules, now).Become(l => l.Hear(rules, now)) with
    {
        Report = report with { Marks = [] },
        Drain = DrainRate.Next(Drain, now, report.Backlog.Records),
        Marks = WithNew(report.Marks),
    };

    /// <summary>This site's own report at a site that is no core: who reports is live, however long the process was held up before.</summary>
    public SiteRecord Own(SiteReport report, DateTimeOffset now) => Hear(report, Always, now);

    /// <summary>Somebody looks. One look may find two changes: a silence that passed both limits.</summary>
    public SiteRecord Look(LivenessRules rules, DateTimeOffset now) => Become(l => l.Look(rules, now)).Become(l => l.Look(rules, now));

    /// <summary>Whoever listens was away until then.</summary>
    public SiteRecord Resume(DateTimeOffset from) => this with { Liveness = Liveness.Resume(from) };

    /// <summary>As the board shows it, beside the core's own report.</summary>
    public SiteState Show(SiteReport? core, bool isCore, LivenessRules rules, DateTimeOffset now) => new()
    {
        Name = Site,
        IsCore = isCore,
        Liveness = Liveness.Is,
        Since = Liveness.Since,
        LastSeen = Liveness.LastSeen,
        IsFlapping = Liveness.IsFlapping(rules, now),
        Backlog = Report?.Backlog ?? new(0, 0, TimeSpan.Zero),
        TimeToDrain = Drain?.TimeToDrain,
        Skew = Report?.Clock,
        BytesToday = Report?.BytesToday ?? 0,
        Budget = Report?.Budget,
        VersionDrift = Drift.OfVersions(Report, core),
        ConfigurationDrift = Drift.OfConfiguration(Report, core),
        Disk = Report?.Disk ?? new(0, 0),
        Services = Report?.Services ?? [],
        Firing = Report?.Firing ?? 0,
        Alerts = Report?.Alerts ?? [],
    };

    /// <summary>Reports repeat the marks of the last while, so that a lost one loses none.</summary>
    private ImmutableArray<AnomalyMark> WithNew(ImmutableArray<AnomalyMark> marks)
    {
        var known = Marks.Select(m => (m.SeriesId, m.Time)).ToHashSet();
        var unknown = marks.Where(m => !known.Contains((m.SeriesId, m.Time))).Select(m => m with { Site = Site }).ToArray();
        return unknown.Length == 0 ? Marks : [.. Marks.Concat(unknown).TakeLast(MostMarks)];
    }

    private SiteRecord Become(Func<LivenessState, LivenessState> step)
    {
        var next = step(Liveness);
        return next.Is == Liveness.Is
            ? this with { Liveness = next }
            : this with { Liveness = next, Changes = [.. Changes.Append(new LivenessChange(Site, Liveness.Is, next.Is, next.Since)).TakeLast(MostChanges)] };
    }
}
