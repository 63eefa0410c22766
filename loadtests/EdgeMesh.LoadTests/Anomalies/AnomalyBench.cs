using System.Diagnostics;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.LoadTests.Anomalies;

/// <summary>Our detector beside simple ones on the Numenta Anomaly Benchmark.</summary>
internal sealed class AnomalyBench(AnomalyReport report)
{
    private const string Ours = "edgemesh";
    private const double LeastScore = 60;
    private const double MostNanoseconds = 1000;
    private const int Rounds = 10;

    /// <returns>0 when the bars are reached, 1 when one is missed or the data cannot be read.</returns>
    public int Run(string folder)
    {
        NabCorpus corpus;
        try
        {
            corpus = NabCorpus.Load(folder);
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            Console.Error.WriteLine($"edgemesh bench anomalies: {e.Message}.");
            Console.Error.WriteLine("  --data takes the benchmark's folder: data/CATEGORY/NAME.csv, windows.json and profiles.json, or a checkout of its repository.");
            return 1;
        }

        report.Begin(folder, corpus.Series.Count, corpus.Series.Sum(s => s.Points.Count), corpus.Series.Sum(s => s.Windows.Count));
        var missed = new List<string>();
        foreach (var figures in MeasureOurs(corpus))
        {
            report.Add(figures);
            if (figures.Profile == NabProfile.StandardName)
            {
                missed.AddRange(Missed(figures));
            }
        }

        foreach (var figures in Baselines.All.SelectMany(b => Measure(corpus, b.Name, b.Create, null)).Where(f => f.Profile == NabProfile.StandardName))
        {
            report.Add(figures);
        }

        report.End(missed);
        return missed.Count == 0 ? 0 : 1;
    }

    /// <summary>Our detector with each profile.</summary>
    internal static IEnumerable<AnomalyFigures> MeasureOurs(NabCorpus corpus) => Measure(corpus, Ours, () => Scorer(new()), AnomalyDetector.Threshold);

    private static PointScorer Scorer(AnomalyDetector detector) => point => detector.Observe(point).Score;

    private static IEnumerable<string> Missed(AnomalyFigures figures)
    {
        if (figures.Score < LeastScore)
        {
            yield return $"score {figures.Score:F1} < {LeastScore}";
        }

        if (figures.NanosecondsPerPoint > MostNanoseconds)
        {
            yield return $"{figures.NanosecondsPerPoint:F0} ns a point > {MostNanoseconds}";
        }
    }

    private static IEnumerable<AnomalyFigures> Measure(NabCorpus corpus, string name, Func<PointScorer> create, double? threshold)
    {
        var results = corpus.Series.Select(series => (series, Score(series, create()))).ToList();
        var nanoseconds = corpus.Series.Sum(series => Fastest(series, create).TotalNanoseconds) / corpus.Series.Sum(s => s.Points.Count);
        return corpus.Profiles.Select(p => Figures(name, p, results, threshold, nanoseconds));
    }

    /// <summary>Of several runs, the one that other processes disturbed least.</summary>
    private static TimeSpan Fastest(NabSeries series, Func<PointScorer> create) => Enumerable.Range(0, Rounds).Min(_ =>
    {
        var started = Stopwatch.GetTimestamp();
        Score(series, create());
        return Stopwatch.GetElapsedTime(started);
    });

    private static double[] Score(NabSeries series, PointScorer scorer)
    {
        var scores = new double[series.Points.Count];
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = scorer(series.Points[i]);
        }

        return scores;
    }

    private static AnomalyFigures Figures(
        string name, NabProfile profile, List<(NabSeries Series, double[] Scores)> results, double? threshold, double nanoseconds)
    {
        var scorer = new NabScorer(profile, results);
        var best = scorer.BestThreshold();
        var categories = results.Select(r => r.Series.Category).Distinct().ToArray();
        return new(
            name,
            profile.Name,
            threshold is { } own ? Rounded(scorer.Normalise(scorer.Raw(own))) : null,
            threshold,
            Rounded(scorer.Normalise(scorer.Raw(best))) ?? 0,
            best,
            categories.Length < 2 ? null : Rounded(scorer.Normalise(categories.Sum(c => HeldOut(profile, results, c)))),
            Math.Round(nanoseconds),
            categories.ToDictionary(c => c, c => OfCategory(profile, results, c, threshold ?? best)));
    }

    /// <summary>The sum of one category with the threshold that suits the others.</summary>
    private static double HeldOut(NabProfile profile, List<(NabSeries Series, double[] Scores)> results, string category)
    {
        var threshold = new NabScorer(profile, results.Where(r => r.Series.Category != category)).BestThreshold();
        return new NabScorer(profile, results.Where(r => r.Series.Category == category)).Raw(threshold);
    }

    private static double? OfCategory(NabProfile profile, List<(NabSeries Series, double[] Scores)> results, string category, double threshold)
    {
        var scorer = new NabScorer(profile, results.Where(r => r.Series.Category == category));
        return Rounded(scorer.Normalise(scorer.Raw(threshold)));
    }

    /// <summary>None where there are no windows to compare with: what is divided by nothing is no number.</summary>
    private static double? Rounded(double score) => double.IsFinite(score) ? Math.Round(score, 1) : null;
}
