using System.Collections.Immutable;
using System.Globalization;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What the fleet's part reads at start, checked. Keys below <c>EdgeMesh:Monitor:Fleet:</c>.</summary>
internal sealed record FleetOptions
{
    private const string Section = "EdgeMesh:Monitor:Fleet";

    /// <summary><c>ReportSeconds</c>: from one report to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>StaleSeconds</c>, <c>OfflineSeconds</c>, <c>FlapMinutes</c>, <c>FlapFalls</c>, <c>SteadySeconds</c>: when a site counts as what.</summary>
    public LivenessRules Rules { get; init; } = new();

    /// <summary><c>Services</c>: the site's services, parted by commas, whose health is reported.</summary>
    public ImmutableArray<string> Services { get; init; } = ["gateway", "records", "ledger", "functions", MonitorApp.AppId];

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static FleetOptions Read(IConfiguration configuration)
    {
        var (section, usual, faults) = (configuration.GetSection(Section), new FleetOptions(), new List<string>());
        var options = new FleetOptions
        {
            Interval = TimeSpan.FromSeconds(Number("ReportSeconds", (int)usual.Interval.TotalSeconds, 3600)),
            Rules = new()
            {
                StaleAfter = TimeSpan.FromSeconds(Number("StaleSeconds", (int)usual.Rules.StaleAfter.TotalSeconds, 86_400)),
                OfflineAfter = TimeSpan.FromSeconds(Number("OfflineSeconds", (int)usual.Rules.OfflineAfter.TotalSeconds, 604_800)),
                FlapWindow = TimeSpan.FromMinutes(Number("FlapMinutes", (int)usual.Rules.FlapWindow.TotalMinutes, 1440)),
                FlapFalls = Number("FlapFalls", usual.Rules.FlapFalls, 100),
                SteadyFor = TimeSpan.FromSeconds(Number("SteadySeconds", (int)usual.Rules.SteadyFor.TotalSeconds, 86_400)),
            },
            Services = section["Services"] is { Length: > 0 } names ? [.. names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] : usual.Services,
        };
        if (options.Rules.StaleAfter <= options.Interval)
        {
            faults.Add($"{Section}:StaleSeconds is {options.Rules.StaleAfter.TotalSeconds:0}, and reports come every {options.Interval.TotalSeconds:0} s: give more, so that a late report is no silence.");
        }

        if (options.Rules.OfflineAfter <= options.Rules.StaleAfter)
        {
            faults.Add($"{Section}:OfflineSeconds is {options.Rules.OfflineAfter.TotalSeconds:0}: give more than StaleSeconds, which is {options.Rules.StaleAfter.TotalSeconds:0}.");
        }

        return faults.Count == 0 ? options : throw new InvalidOperationException("The fleet's part can't start:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)));

        int Number(string key, int otherwise, int most)
        {
            if (section[key] is not { Length: > 0 } text)
            {
                return otherwise;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1 && value <= most)
            {
                return value;
            }

            faults.Add($"{Section}:{key} is '{text}': give a whole number from 1 to {most}.");
            return otherwise;
        }
    }
}
