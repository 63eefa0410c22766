using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>Watches this site's own series: a detector each, at most <see cref="AnomalyOptions.MostSeries"/>, in memory that does not grow
/// with time. Reads the store, so it works while the site is cut off, and a minute is looked at once. May be used by several threads.</summary>
internal sealed class AnomalyWatch(TelemetryStore store, AnomalyOptions options, SiteIdentity identity, TimeProvider clock)
{
    /// <summary>Points of a minute may come so much later than it ended.</summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(30);

    private const int MostSimilar = 100;
    private const int MostPoints = 10_000;

    /// <summary>After a longer absence the detectors go on with what is new; they would only find what is over.</summary>
    private static readonly TimeSpan LongestCatchUp = TimeSpan.FromHours(2);

    /// <summary>A series without points for so long makes room for another.</summary>
    private static readonly TimeSpan IdleAfter = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly AnomalyFile _file = new(Path.Combine(identity.DataDirectory, "monitor", "anomalies.state"));
    private readonly Dictionary<string, WatchedSeries> _watched = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _keys = [];
    private AnomalyMark[] _similar = [];

    /// <summary>Something was found, here or alike at another site. Handlers must be quick.</summary>
    public event Action? Found;

    /// <summary>How many series are watched.</summary>
    public int Watched
    {
        get
        {
            lock (_gate)
            {
                return _watched.Count;
            }
        }
    }

    /// <summary>Series that fit the names and are not watched, for want of room.</summary>
    public int LeftOut { get; private set; }

    /// <summary>The marks of a series of this site in that time, oldest first.</summary>
    public IReadOnlyList<AnomalyMark> Find(long seriesId, DateTimeOffset from, DateTimeOffset to)
    {
        lock (_gate)
        {
            return _keys.TryGetValue(seriesId, out var key) && _watched.TryGetValue(key, out var series)
                ? [.. series.Marks.Where(m => m.Time >= from && m.Time <= to)]
                : [];
        }
    }

    /// <summary>All marks since a time, oldest first.</summary>
    public IReadOnlyList<AnomalyMark> Since(DateTimeOffset from)
    {
        lock (_gate)
        {
            return [.. _watched.Values.SelectMany(s => s.Marks).Where(m => m.Time >= from).OrderBy(m => m.Time)];
        }
    }

    /// <summary>What other sites found that was like a mark of this site, as far as a core said so.</summary>
    public IReadOnlyList<AnomalyMark> SimilarTo(AnomalyMark mark)
    {
        lock (_gate)
        {
            return [.. _similar.Where(s => Fleet.FleetBoard.IsSimilar(mark, s))];
        }
    }

    /// <summary>Takes what a core found alike at other sites.</summary>
    public void TakeSimilar(IReadOnlyCollection<AnomalyMark> marks)
    {
        var isNew = false;
        lock (_gate)
        {
            var all = _similar.Concat(marks).DistinctBy(m => (m.Site, m.SeriesId, m.Time)).TakeLast(MostSimilar).ToArray();
            isNew = all.Any(m => !_similar.Any(s => (s.Site, s.SeriesId, s.Time) == (m.Site, m.SeriesId, m.Time)));
            _similar = all;
        }

        if (isNew)
        {
            Found?.Invoke();
        }
    }

    /// <summary>Goes on with what was known before the last stop.</summary>
    public void Load()
    {
        var all = _file.Read().Take(options.MostSeries).ToArray();
        lock (_gate)
        {
            foreach (var series in all)
            {
                _watched[series.Key] = series;
            }
        }
    }

    /// <summary>Writes what is known to disk.</summary>
    public void Save()
    {
        SavedSeries[] all;
        lock (_gate)
        {
            all = [.. _watched.Values.Select(s => s.Save())];
        }

        _file.Write(all);
    }

    /// <summary>Looks at the minutes that are over. Called by one at a time; whoever asks meanwhile does not wait for the store.</summary>
    public void Look()
    {
        var until = WatchedSeries.Floor(clock.GetUtcNow() - Settle);
        var listed = options.Series.SelectMany(name => store.ListSeries(new SeriesQuery { Site = identity.Site, Name = name })).DistinctBy(s => s.Id).ToArray();
        var found = false;
        try
        {
            foreach (var (series, info) in Watch(listed, until))
            {
                found |= Feed(series, info, until);
            }
        }
        finally
        {
            if (found)
            {
                Found?.Invoke();
            }
        }
    }

    private List<(WatchedSeries Series, SeriesInfo Info)> Watch(SeriesInfo[] listed, DateTimeOffset until)
    {
        lock (_gate)
        {
            MakeRoom(until);
            _keys.Clear();
            var watched = new List<(WatchedSeries, SeriesInfo)>();
            foreach (var info in listed)
            {
                if (Watch(info, until) is { } series)
                {
                    _keys[info.Id] = series.Key;
                    watched.Add((series, info));
                }
            }

            LeftOut = listed.Length - watched.Count;
            return watched;
        }
    }

    private bool Feed(WatchedSeries series, SeriesInfo info, DateTimeOffset until)
    {
        var from = series.FedUntil > until - LongestCatchUp ? series.FedUntil : until - LongestCatchUp;
        if (from >= until)
        {
            return false;
        }

        var points = store.ReadSeries(info.Id, from, until, MostPoints);
        lock (_gate)
        {
            return series.Feed(info, points, until).Count > 0;
        }
    }

    /// <summary>Null: there is no room for another.</summary>
    private WatchedSeries? Watch(SeriesInfo info, DateTimeOffset until)
    {
        var key = Key(info);
        if (!_watched.TryGetValue(key, out var series) && _watched.Count < options.MostSeries)
        {
            _watched[key] = series = new(key, new AnomalyDetector(), until - WatchedSeries.Step, []);
        }

        return series;
    }

    private void MakeRoom(DateTimeOffset until)
    {
        if (_watched.Count >= options.MostSeries)
        {
            foreach (var idle in _watched.Values.Where(s => until - s.LastPoint > IdleAfter).ToArray())
            {
                _watched.Remove(idle.Key);
            }
        }
    }

    /// <summary>Short, and the same in a store that was begun anew.</summary>
    private static string Key(SeriesInfo info)
    {
        var text = string.Join('\n', (string[])[info.Site, info.Service, info.Name, info.Kind, .. info.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
