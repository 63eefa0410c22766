namespace EdgeMesh.LoadTests.Anomalies;

/// <summary>
/// Scores anomaly scores as the benchmark does. In a window the best placed alarm counts, worth the more the earlier it is; outside,
/// each alarm costs, less just after a window; a window without an alarm costs. 0 is to stay silent, 100 to hit every window at once.
/// </summary>
internal sealed class NabScorer
{
    private const int OutsideWindows = -1;

    /// <summary>From so many lengths after a window on, an alarm has nothing to do with it.</summary>
    private const double FarAfter = 3;

    private readonly NabProfile profile;
    private readonly List<Entry> entries = [];
    private readonly int windows;

    /// <param name="profile">The weights.</param>
    /// <param name="results">Each series with the score of each of its points.</param>
    public NabScorer(NabProfile profile, IEnumerable<(NabSeries Series, double[] Scores)> results)
    {
        this.profile = profile;
        foreach (var (series, scores) in results)
        {
            Enter(series, scores, windows);
            windows += series.Windows.Count;
        }

        entries.Sort((a, b) => b.Score.CompareTo(a.Score));
    }

    /// <summary>The sum with every point from the threshold on an alarm.</summary>
    public double Raw(double threshold)
    {
        var tally = new Tally(profile, windows);
        foreach (var entry in entries.TakeWhile(e => e.Score >= threshold))
        {
            tally.Add(entry);
        }

        return tally.Sum;
    }

    /// <summary>The score that as a threshold makes the sum highest, tried from the highest down; above all of them where silence is best.</summary>
    public double BestThreshold()
    {
        var tally = new Tally(profile, windows);
        var (best, threshold) = (tally.Sum, entries.Count == 0 ? 1 : entries[0].Score + 1);
        for (var i = 0; i < entries.Count; i++)
        {
            tally.Add(entries[i]);
            var isLastOfItsScore = i + 1 == entries.Count || entries[i + 1].Score != entries[i].Score;
            if (isLastOfItsScore && tally.Sum > best)
            {
                (best, threshold) = (tally.Sum, entries[i].Score);
            }
        }

        return threshold;
    }

    /// <summary>A sum on the scale from silence, 0, to perfection, 100.</summary>
    public double Normalise(double raw) => Normalise(profile, raw, windows);

    public static double Normalise(NabProfile profile, double raw, int windows)
    {
        var silent = -profile.Miss * windows;
        return 100 * (raw - silent) / ((profile.Hit * windows) - silent);
    }

    private void Enter(NabSeries series, double[] scores, int firstWindow)
    {
        var next = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            while (next < series.Windows.Count && series.Windows[next].Last < i)
            {
                next++;
            }

            var isInside = next < series.Windows.Count && series.Windows[next].First <= i;
            if (i >= series.Probation)
            {
                entries.Add(isInside
                    ? new(scores[i], firstWindow + next, profile.Hit * HitWorth(series.Windows[next], i))
                    : new(scores[i], OutsideWindows, profile.FalseAlarm * AlarmCost(next == 0 ? null : series.Windows[next - 1], i)));
            }
        }
    }

    /// <summary>1 at a window's first point, near 0 at its last.</summary>
    private static double HitWorth(NabWindow window, int point) => Sigmoid(-(window.Last - point + 1) / (double)window.Length) / Sigmoid(-1);

    /// <summary>-1, and just after a window up to 0: late is not as wrong as false.</summary>
    private static double AlarmCost(NabWindow? before, int point)
    {
        var position = before is { } window ? (point - window.Last) / (double)(window.Length - 1) : FarAfter;
        return position >= FarAfter ? -1 : Sigmoid(position);
    }

    private static double Sigmoid(double position) => (2 / (1 + Math.Exp(5 * position))) - 1;

    private readonly record struct Entry(double Score, int Window, double Worth);

    private sealed class Tally
    {
        private readonly double[] best;

        public Tally(NabProfile profile, int windows)
        {
            best = new double[windows];
            Array.Fill(best, -profile.Miss);
            Sum = -profile.Miss * windows;
        }

        public double Sum { get; private set; }

        public void Add(Entry entry)
        {
            if (entry.Window == OutsideWindows)
            {
                Sum += entry.Worth;
            }
            else if (entry.Worth > best[entry.Window])
            {
                Sum += entry.Worth - best[entry.Window];
                best[entry.Window] = entry.Worth;
            }
        }
    }
}
