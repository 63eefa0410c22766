using System.Text.Json;

namespace EdgeMesh.LoadTests.Anomalies;

/// <summary>The figures of one detector with one profile.</summary>
/// <param name="Detector">Its name.</param>
/// <param name="Profile">The benchmark's profile.</param>
/// <param name="Score">With the detector's own threshold, fixed before it saw this data; none where it has no such threshold.</param>
/// <param name="Threshold">That threshold.</param>
/// <param name="BestScore">With the threshold that suits this data best: what the benchmark publishes.</param>
/// <param name="BestThreshold">That threshold.</param>
/// <param name="CrossValidatedScore">Each category with the threshold that suits the others best.</param>
/// <param name="NanosecondsPerPoint">What a point takes on one core.</param>
/// <param name="Categories">The score of each category, with the own threshold, else with the best.</param>
internal sealed record AnomalyFigures(
    string Detector, string Profile, double? Score, double? Threshold, double BestScore, double BestThreshold,
    double? CrossValidatedScore, double NanosecondsPerPoint, IReadOnlyDictionary<string, double?> Categories);

/// <summary>Prints figures as JSON lines, or as rows for people.</summary>
internal sealed class AnomalyReport(bool json)
{
    public void Begin(string folder, int series, int points, int windows)
    {
        if (json)
        {
            Write(new { bench = "anomalies", data = folder, series, points, windows });
        }
        else
        {
            Console.WriteLine($"{series} series, {points} points, {windows} windows");
            Console.WriteLine("own: with the detector's fixed threshold; best: with the one that suits this data; cross-validated: each category with that of the others");
        }
    }

    public void Add(AnomalyFigures figures)
    {
        if (json)
        {
            Write(figures);
            return;
        }

        var own = figures.Score is { } score ? $"own {score,5:F1} at {figures.Threshold:F2}  " : string.Empty;
        Console.WriteLine(
            $"{figures.Detector,-40} {figures.Profile,-20} {own}best {figures.BestScore,5:F1} at {figures.BestThreshold:F2}  cross-validated {figures.CrossValidatedScore,5:F1}  {figures.NanosecondsPerPoint,5:F0} ns");
    }

    public void End(IReadOnlyList<string> missed)
    {
        if (json)
        {
            Write(new { missed });
        }
        else
        {
            Console.WriteLine(missed.Count == 0 ? "ok" : string.Join(", ", missed));
        }
    }

    private static void Write(object line) => Console.WriteLine(JsonSerializer.Serialize(line, JsonSerializerOptions.Web));
}
