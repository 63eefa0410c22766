using System.ComponentModel.DataAnnotations;

namespace EdgeMesh.Services.Records;

/// <summary>Limits of the records service; settings below <c>EdgeMesh:Records</c>.</summary>
internal sealed class RecordsOptions
{
    public const string Section = "EdgeMesh:Records";

    /// <summary>The largest request body, in bytes.</summary>
    [Range(1024, 1 << 30)]
    public int BodyLimit { get; set; } = 16 << 20;

    /// <summary>Entries of a bundle.</summary>
    [Range(1, 5000)]
    public int BundleLimit { get; set; } = 5000;

    /// <summary>Resources to a page when the caller names no number.</summary>
    [Range(1, 1000)]
    public int PageSize { get; set; } = 50;

    /// <summary>Resources to a page at most.</summary>
    [Range(1, 1000)]
    public int PageLimit { get; set; } = 1000;

    /// <summary>Bytes of resources on a page, after which it ends early: an answer passes through sidecars, which have limits.</summary>
    [Range(1024, 1 << 30)]
    public int PageBytes { get; set; } = 2 << 20;

    /// <summary>Matches that are counted for a search's total; above it, the bundle has none.</summary>
    [Range(1, 1_000_000)]
    public int TotalLimit { get; set; } = 10_000;

    /// <summary>How long a search looks through the index, in seconds; then it fails rather than answer in part.</summary>
    [Range(0, 600)]
    public int ScanSeconds { get; set; } = 10;

    /// <summary>Versions that a history shows.</summary>
    [Range(1, 10_000)]
    public int HistoryLimit { get; set; } = 1000;

    /// <summary>How long a write or a search waits for its own projection.</summary>
    [Range(1, 600)]
    public int ProjectionSeconds { get; set; } = 15;

    /// <summary>How many conditional creates a minute may answer a caller that their condition matched what it can't see, or several.</summary>
    [Range(1, 100_000)]
    public int AmbiguousConditionsPerMinute { get; set; } = 30;

    /// <summary>How old another site's word on its consents may be, in minutes, before copies of its patients' data are not shown any more. It
    /// is as old as the last time that everything the site shares was applied here.</summary>
    [Range(1, 10_080)]
    public int ConsentMinutes { get; set; } = 60;

    /// <summary>How often a write is tried anew when others change what it was decided on.</summary>
    [Range(1, 100)]
    public int Attempts { get; set; } = 16;
}
