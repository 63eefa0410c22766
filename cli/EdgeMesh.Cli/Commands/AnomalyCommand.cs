using System.CommandLine;
using System.Globalization;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh anomaly FILE.csv</c>: what a site's monitor would have said of a series.</summary>
internal sealed class AnomalyCommand : MeshCommand
{
    private const string Shape = "A line is a timestamp, a comma and a number, such as 2026-02-14 09:30:00,12.5";
    private const string Header = "timestamp,value,score,alert,view,observed,expected,low,high";

    private readonly Argument<FileInfo> file = new("FILE.csv") { Description = "timestamp,value on each line, oldest first; a header or none; an empty value is a gap" };
    private readonly Option<bool> alerts = new("--alerts") { Description = "Only the points that are alerts" };
    private readonly Option<bool> json = new("--json") { Description = "Each point as one line of JSON" };
    private readonly Screen screen;

    public AnomalyCommand(Screen screen)
        : base("anomaly", "Scores a series point by point as a site's monitor does: without looking ahead, and with one threshold for every series. "
            + $"A score is above 0 where a point is new beside all before it, an alert from {AnomalyDetector.Threshold.ToString(CultureInfo.InvariantCulture)} on; view tells what was looked at, "
            + "expected, low and high what it took for possible. The first hundred points are for learning",
            "anomaly requests.csv", "anomaly requests.csv --alerts", "anomaly requests.csv --json | jq -r 'select(.alert) | .timestamp'")
    {
        this.screen = screen;
        Add(file);
        Add(alerts);
        Add(json);
        SetAction(Run);
    }

    private int Run(ParseResult parse)
    {
        var path = parse.GetRequiredValue(file);
        if (!path.Exists)
        {
            return screen.Fail($"there is no file {path.FullName}.", "Name a file with timestamp,value on each line.", ExitCode.WrongUsage);
        }

        try
        {
            var (points, found) = Print(path.FullName, parse.GetValue(alerts), parse.GetValue(json));
            if (points == 0)
            {
                return screen.Fail($"{path.FullName} holds no point.", Shape);
            }

            screen.Note($"{points} points, {found} alerts{(points <= AnomalyDetector.LearningPoints ? $"; the first {AnomalyDetector.LearningPoints} points are for learning" : string.Empty)}");
            return ExitCode.Done;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return screen.Fail($"{e.Message}.", Shape);
        }
    }

    private (int Points, int Alerts) Print(string path, bool onlyAlerts, bool asJson)
    {
        var (points, found) = (0, 0);
        var detector = new AnomalyDetector();
        foreach (var point in MeasurementFile.Read(path))
        {
            if (points++ == 0 && !asJson)
            {
                screen.Line(Header);
            }

            var score = detector.Observe(point);
            found += score.IsAlert ? 1 : 0;
            if (!onlyAlerts || score.IsAlert)
            {
                Print(Row.Of(point, score), asJson);
            }
        }

        return (points, found);
    }

    private void Print(Row row, bool asJson)
    {
        if (asJson)
        {
            screen.JsonLine(row);
        }
        else
        {
            screen.Line(string.Create(CultureInfo.InvariantCulture,
                $"{row.Timestamp:yyyy-MM-ddTHH:mm:ss.FFFK},{row.Value},{row.Score},{(row.Alert ? "alert" : string.Empty)},{row.View},{row.Observed:G6},{row.Expected:G6},{row.Low:G6},{row.High:G6}"));
        }
    }

    /// <summary>A point and what was said of it; what was expected only where something else came.</summary>
    private sealed record Row(
        DateTimeOffset Timestamp, double? Value, double Score, bool Alert, AnomalyView? View, double? Observed, double? Expected, double? Low, double? High)
    {
        public static Row Of(Measurement point, AnomalyScore score)
        {
            double? value = double.IsFinite(point.Value) ? point.Value : null;
            var rounded = Math.Round(score.Score, 4);
            return score.Score > 0
                ? new(point.Time, value, rounded, score.IsAlert, score.View, score.Observed, score.Expected, score.Low, score.High)
                : new(point.Time, value, rounded, score.IsAlert, null, null, null, null, null);
        }
    }
}
