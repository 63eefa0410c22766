using EdgeMesh.Services.Monitor.Alerting;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What a report may hold. A site that was taken over can fill no more of the core than this.</summary>
internal static class ReportLimits
{
    /// <summary>A report's body, in bytes.</summary>
    public const int MostBytes = 64 * 1024;

    /// <summary>Marks in a report.</summary>
    public const int MostMarks = 20;

    /// <summary>Characters of a ledger's checkpoint, cosignatures included.</summary>
    public const int LongestCheckpoint = 8 * 1024;

    private const int MostServices = 64;
    private const int MostParts = 16;
    private const int LongestText = 500;

    /// <summary>What is wrong with a report; null: nothing.</summary>
    public static string? Fault(SiteReport? report) => report switch
    {
        null => "it is null",
        _ when report.Services.Contains(null!) || report.Marks.Contains(null!) || report.Alerts.Contains(null!) => "a part is null",
        _ when report.Services.Length > MostServices => $"it has more than {MostServices} services",
        _ when report.Marks.Length > MostMarks => $"it has more than {MostMarks} anomalies",
        _ when report.Alerts.Length > SiteAlerts.MostTold => $"it has more than {SiteAlerts.MostTold} alerts",
        _ when report.Configuration.Count > MostParts => $"its configuration has more than {MostParts} parts",
        _ when report.Backlog.Records < 0 || report.Backlog.Bytes < 0 || report.BytesToday < 0 || report.Firing < 0 || report.Disk.FreeBytes < 0 || report.Disk.TotalBytes < 0 => "a figure is below 0",
        _ when report.Checkpoint?.Length > LongestCheckpoint => $"its checkpoint is longer than {LongestCheckpoint} characters",
        _ when Texts(report).Any(t => t is null || t.Length > LongestText) => $"a text is null or longer than {LongestText} characters",
        _ => null,
    };

    private static IEnumerable<string?> Texts(SiteReport report) =>
    [
        .. report.Services.SelectMany(s => (string?[])[s.Name, s.Version, s.WaitsFor ?? ""]),
        .. report.Configuration.SelectMany(c => (string?[])[c.Key, c.Value]),
        .. report.Marks.SelectMany(m => (string?[])[m.Service, m.Series, m.Site]),
        .. report.Alerts.SelectMany(a => (string?[])[a.Rule, a.Service, a.Summary]),
    ];
}
