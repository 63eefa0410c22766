using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What the fleet's part reads at start, checked. Keys below <c>EdgeMesh:Monitor:Fleet:</c>.</summary>
internal sealed record FleetOptions
{
    private const string Section = "EdgeMesh:Monitor:Fleet";

    /// <summary><c>ReportSeconds</c>: from one report to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>FirstReportSeconds</c>: from the start to the first report; while the site's services start, nobody needs to be asked how they are.</summary>
    public TimeSpan FirstAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>StaleSeconds</c>, <c>OfflineSeconds</c>, <c>FlapMinutes</c>, <c>FlapFalls</c>, <c>SteadySeconds</c>: when a site counts as what.</summary>
    public LivenessRules Rules { get; init; } = new();

    /// <summary><c>Services</c>: the site's services, parted by commas, whose health is reported.</summary>
    public ImmutableArray<string> Services { get; init; } = ["gateway", "records", "ledger", "functions", MonitorApp.AppId];

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static FleetOptions Read(IConfiguration configuration)
    {
        const int day = 86_400;
        var (reader, usual) = (new OptionReader(configuration, Section), new FleetOptions());
        var options = new FleetOptions
        {
            Interval = reader.Seconds("ReportSeconds", usual.Interval, 1, 3600),
            FirstAfter = reader.Seconds("FirstReportSeconds", usual.FirstAfter, 0, 3600),
            Rules = new()
            {
                StaleAfter = reader.Seconds("StaleSeconds", usual.Rules.StaleAfter, 1, day),
                OfflineAfter = reader.Seconds("OfflineSeconds", usual.Rules.OfflineAfter, 1, 7 * day),
                FlapWindow = TimeSpan.FromMinutes(reader.Number("FlapMinutes", (int)usual.Rules.FlapWindow.TotalMinutes, 1, 1440)),
                FlapFalls = reader.Number("FlapFalls", usual.Rules.FlapFalls, 1, 100),
                SteadyFor = reader.Seconds("SteadySeconds", usual.Rules.SteadyFor, 1, day),
            },
            Services = reader.Texts("Services", usual.Services),
        };
        if (options.Rules.StaleAfter <= options.Interval)
        {
            reader.Fault("StaleSeconds", $"is {options.Rules.StaleAfter.TotalSeconds:0}, and reports come every {options.Interval.TotalSeconds:0} s: give more, so that a late report is no silence.");
        }

        if (options.Rules.OfflineAfter <= options.Rules.StaleAfter)
        {
            reader.Fault("OfflineSeconds", $"is {options.Rules.OfflineAfter.TotalSeconds:0}: give more than StaleSeconds, which is {options.Rules.StaleAfter.TotalSeconds:0}.");
        }

        reader.Done();
        return options;
    }
}
