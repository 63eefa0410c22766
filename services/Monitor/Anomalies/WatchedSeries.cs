using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>One series under watch: its detector, what it was fed, and its last marks. Fed by the mean of each whole minute, so that a
/// detector sees the same series whatever the interval at which a service exports.</summary>
internal sealed class WatchedSeries(string key, AnomalyDetector detector, DateTimeOffset fedUntil, IEnumerable<AnomalyMark> marks)
{
    public const int MostMarks = 20;

    /// <summary>One point of a detector.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private readonly Queue<AnomalyMark> _marks = new(marks.TakeLast(MostMarks));

    /// <summary>Names the series at any time and in any store: site, service, name, kind, labels.</summary>
    public string Key => key;

    /// <summary>Minutes before this one are known to the detector, or were gaps.</summary>
    public DateTimeOffset FedUntil { get; private set; } = fedUntil;

    /// <summary>The last minute that had points.</summary>
    public DateTimeOffset LastPoint { get; private set; } = fedUntil;

    /// <summary>Oldest first.</summary>
    public IReadOnlyCollection<AnomalyMark> Marks => _marks;

    /// <summary>As it goes to disk.</summary>
    public SavedSeries Save() => new(Key, FedUntil, detector.Save(), [.. _marks]);

    /// <summary>Feeds whole minutes up to a time.</summary>
    /// <param name="info">The series, as the store has it now.</param>
    /// <param name="points">Its points from <see cref="FedUntil"/> on, in order of time.</param>
    /// <param name="until">A whole minute: nothing more is expected before it.</param>
    /// <returns>What was an anomaly.</returns>
    public IReadOnlyList<AnomalyMark> Feed(SeriesInfo info, IEnumerable<SeriesPoint> points, DateTimeOffset until)
    {
        var found = new List<AnomalyMark>();
        foreach (var minute in points.Where(p => p.Time >= FedUntil && p.Time < until && double.IsFinite(p.Value)).GroupBy(p => Floor(p.Time)))
        {
            LastPoint = minute.Key;
            var score = detector.Observe(new(minute.Key, minute.Average(p => p.Value)));
            if (score.IsAlert && double.IsFinite(score.Observed + score.Expected + score.Low + score.High))
            {
                found.Add(Mark(info, minute.Key, score));
            }
        }

        FedUntil = until > FedUntil ? until : FedUntil;
        foreach (var mark in found)
        {
            _marks.Enqueue(mark);
            if (_marks.Count > MostMarks)
            {
                _marks.Dequeue();
            }
        }

        return found;
    }

    /// <summary>The whole minute that a time is in.</summary>
    public static DateTimeOffset Floor(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % Step.Ticks), TimeSpan.Zero);

    private static AnomalyMark Mark(SeriesInfo info, DateTimeOffset time, AnomalyScore score) => new(
        info.Site, info.Service, $"{info.Name} {info.Kind}", string.Join(' ', info.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}")),
        info.Id, time, score.Observed, score.Expected, score.Low, score.High, score.Score);
}
