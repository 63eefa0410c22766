using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>The fleet as this site knows it, in memory: at a core by every site's own reports, elsewhere by what a core said last. Whoever
/// feeds it keeps what must survive. May be used by several threads.</summary>
internal sealed class FleetBoard(MeshDirectory directory, LivenessRules rules, TimeProvider clock)
{
    /// <summary>Marks within so much of each other are of about the same time.</summary>
    public static readonly TimeSpan SimilarWindow = TimeSpan.FromMinutes(10);

    /// <summary>So many changes of the others are kept at a site that is no core.</summary>
    private const int MostToldChanges = 1000;

    private const int MostSimilar = 20;

    private readonly Lock _gate = new();
    private ImmutableSortedDictionary<string, SiteRecord> _judged = ImmutableSortedDictionary.Create<string, SiteRecord>(StringComparer.Ordinal);
    private ImmutableArray<LivenessChange> _told = [];
    private FleetNews? _news;

    /// <summary>Something became something else, or new figures came. Handlers must be quick.</summary>
    public event Action? Changed;

    /// <summary>Grows with each change of a site's liveness, also from one start to the next.</summary>
    public long Revision { get; private set; } = clock.GetUtcNow().UtcTicks;

    /// <summary>Since when this process takes reports.</summary>
    public DateTimeOffset ListensFrom { get; } = clock.GetUtcNow();

    /// <summary>This site.</summary>
    public string Self => directory.Self;

    /// <summary>Whether this site is a core, and judges all others by their reports.</summary>
    public bool IsCore => directory.This.IsCore;

    /// <summary>Every site, by name.</summary>
    public IReadOnlyList<SiteState> Sites
    {
        get
        {
            lock (_gate)
            {
                var now = clock.GetUtcNow();
                var names = directory.Sites.Select(s => s.Name).Union(_judged.Keys).Union(_news?.Sites.Select(s => s.Name) ?? []);
                return [.. names.Order(StringComparer.Ordinal).Select(name => Show(name, now))];
            }
        }
    }

    /// <summary>Where no core answers, how long ago one last did; <see cref="TimeSpan.Zero"/>: one does, or this is a core.</summary>
    public TimeSpan CutOffFor
    {
        get
        {
            lock (_gate)
            {
                var cores = _judged.Values.Where(r => r.Site != directory.Self && directory.Find(r.Site) is { IsCore: true }).ToArray();
                return IsCore || cores.Length == 0 || cores.Any(c => c.Liveness.Is == Liveness.Live)
                    ? TimeSpan.Zero
                    : clock.GetUtcNow() - cores.Max(c => c.Liveness.LastSeen ?? c.Liveness.Since);
            }
        }
    }

    /// <summary>What became of a site in that time, oldest first.</summary>
    public IReadOnlyList<LivenessChange> History(string site, DateTimeOffset from, DateTimeOffset to)
    {
        lock (_gate)
        {
            var changes = _judged.TryGetValue(site, out var record) ? record.Changes : [.. _told.Where(c => c.Site == site)];
            return [.. changes.Where(c => c.At >= from && c.At <= to)];
        }
    }

    /// <summary>What is known of a site here by its own reports.</summary>
    public SiteRecord? Find(string site)
    {
        lock (_gate)
        {
            return _judged.GetValueOrDefault(site);
        }
    }

    /// <summary>Takes what was judged here.</summary>
    public void Take(SiteRecord record)
    {
        lock (_gate)
        {
            if (!_judged.TryGetValue(record.Site, out var before) || before.Liveness.Is != record.Liveness.Is)
            {
                Revision++;
            }

            _judged = _judged.SetItem(record.Site, record);
        }

        Changed?.Invoke();
    }

    /// <summary>Takes what a core says of the others.</summary>
    public void Take(FleetNews news)
    {
        lock (_gate)
        {
            var before = _news?.Sites.ToDictionary(s => s.Name, s => s.Liveness, StringComparer.Ordinal) ?? [];
            var changes = from site in news.Sites
                          where before.TryGetValue(site.Name, out var was) && was != site.Liveness
                          select new LivenessChange(site.Name, before[site.Name], site.Liveness, site.Since);
            _told = [.. _told.Concat(changes).TakeLast(MostToldChanges)];
            _news = news;
        }

        Changed?.Invoke();
    }

    /// <summary>The news for a site that has those of a revision; null: it needs none.</summary>
    public FleetNews? NewsSince(long revision)
    {
        var sites = Sites;
        lock (_gate)
        {
            return revision == Revision ? null : new FleetNews(Revision, clock.GetUtcNow(), [.. sites.Select(s => s with { Alerts = [] })]);
        }
    }

    /// <summary>Anomalies at other sites in the same series, at about the same time as the last ones of this site.</summary>
    public ImmutableArray<AnomalyMark> SimilarTo(string site)
    {
        lock (_gate)
        {
            var now = clock.GetUtcNow();
            var own = _judged.GetValueOrDefault(site)?.Marks.Where(m => now - m.Time < SimilarWindow * 2).ToArray() ?? [];
            return [.. _judged.Values.Where(r => r.Site != site).SelectMany(r => r.Marks)
                .Where(m => own.Any(o => IsSimilar(o, m))).OrderByDescending(m => m.Time).Take(MostSimilar)];
        }
    }

    /// <summary>The same series at about the same time, elsewhere.</summary>
    public static bool IsSimilar(AnomalyMark one, AnomalyMark other) =>
        one.Site != other.Site && one.Service == other.Service && one.Series == other.Series && (one.Time - other.Time).Duration() <= SimilarWindow;

    /// <summary>What a site that is no core should remember.</summary>
    public FleetMemory Remember()
    {
        lock (_gate)
        {
            return new(_news, [.. _judged.Values.Where(r => r.Site != directory.Self)], _told);
        }
    }

    /// <summary>Goes on with what was remembered.</summary>
    public void Recall(FleetMemory memory)
    {
        lock (_gate)
        {
            (_news, _told) = (memory.News, memory.Changes);
            foreach (var core in memory.Cores)
            {
                _judged = _judged.SetItem(core.Site, core.Resume(clock.GetUtcNow()));
            }
        }

        Changed?.Invoke();
    }

    /// <summary>Judged here, with the figures that the core has where this site has none; else as the core said; else unseen.</summary>
    private SiteState Show(string name, DateTimeOffset now)
    {
        var isCore = directory.Find(name) is { IsCore: true };
        var told = _news?.Sites.FirstOrDefault(s => s.Name == name);
        var here = _judged.GetValueOrDefault(name)?.Show(CoreReport(), isCore, rules, now);
        if (told is null || IsCore)
        {
            return here ?? new SiteState { Name = name, IsCore = isCore, Liveness = Liveness.Unseen, Since = ListensFrom };
        }

        if (here is null)
        {
            return told with { KnownAsOf = _news!.AsOf };
        }

        // Only a core can compare; and a core tells its own figures in the news alone.
        return name == directory.Self
            ? here with { VersionDrift = told.VersionDrift, ConfigurationDrift = told.ConfigurationDrift, TimeToDrain = here.TimeToDrain ?? told.TimeToDrain }
            : told with { Liveness = here.Liveness, Since = here.Since, LastSeen = here.LastSeen, IsFlapping = here.IsFlapping, KnownAsOf = null };
    }

    private SiteReport? CoreReport() => IsCore ? _judged.GetValueOrDefault(directory.Self)?.Report : null;
}
