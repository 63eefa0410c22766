using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>What must hold for an alert.</summary>
internal abstract record AlertCondition;

/// <summary>Something about a site that is judged here: at a core every site; elsewhere this one and its cores.</summary>
/// <param name="Test">What.</param>
/// <param name="Limit">For tests with a limit: seconds, bytes, or a share from 0 to 1.</param>
/// <param name="Liveness">For <see cref="SiteTest.Is"/>.</param>
internal sealed record SiteCondition(SiteTest Test, double Limit, ImmutableArray<Liveness> Liveness) : AlertCondition;

/// <summary>What may be asked of a site.</summary>
internal enum SiteTest
{
    /// <summary>Its liveness is one of these.</summary>
    Is,

    /// <summary>It comes and goes.</summary>
    Flapping,

    /// <summary>Its oldest record waits for longer, in seconds.</summary>
    BacklogOlderThan,

    /// <summary>More waits, in bytes.</summary>
    BacklogAbove,

    /// <summary>Less of its disk is free, as a share.</summary>
    DiskFreeBelow,

    /// <summary>Its clock is off by more, in seconds, beyond what the measure can be wrong by.</summary>
    SkewAbove,

    /// <summary>It used more of the day's budget, as a share.</summary>
    BudgetAbove,

    /// <summary>Its services run other versions than the core's.</summary>
    VersionDrift,

    /// <summary>Its configuration differs from the core's.</summary>
    ConfigurationDrift,

    /// <summary>A service of it is not ready.</summary>
    ServiceNotReady,

    /// <summary>Its ledger showed two histories.</summary>
    LedgerSplitView,

    /// <summary>For this site alone: the disk takes no telemetry.</summary>
    StoreFailing,

    /// <summary>For this site alone: no core has answered for longer, in seconds.</summary>
    CutOffFor,
}

/// <summary>Series of this site.</summary>
internal sealed record SeriesCondition : AlertCondition
{
    /// <summary>The instrument's name.</summary>
    public required string Name { get; init; }

    /// <summary>The kind of the series; null: any.</summary>
    public string? Kind { get; init; }

    /// <summary>The service; null: any.</summary>
    public string? Service { get; init; }

    /// <summary>Labels and their values; a value may end in <c>*</c>.</summary>
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What is asked.</summary>
    public required SeriesTest Test { get; init; }

    /// <summary>The limit.</summary>
    public double Limit { get; init; }

    /// <summary>What the points of the window become.</summary>
    public SeriesTake Take { get; init; } = SeriesTake.Mean;

    /// <summary>The window.</summary>
    public TimeSpan Over { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>What may be asked of series.</summary>
internal enum SeriesTest
{
    /// <summary>The value is above the limit.</summary>
    Above,

    /// <summary>The value is below the limit.</summary>
    Below,

    /// <summary>No point came in the window.</summary>
    Absent,

    /// <summary>The series with these labels are more than this share of all of the name and service.</summary>
    ShareAbove,
}

/// <summary>What the points of a window become.</summary>
internal enum SeriesTake
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The last.</summary>
    Last,

    /// <summary>The highest.</summary>
    Max,

    /// <summary>The lowest.</summary>
    Min,

    /// <summary>The change from the first to the last, a second.</summary>
    Rate,
}

/// <summary>Log lines of this site.</summary>
/// <param name="Service">The service; null: any.</param>
/// <param name="LeastLevel">Lines of this level or above.</param>
/// <param name="Text">Somewhere in the line; null: any.</param>
/// <param name="Fields">Fields with exactly these values.</param>
/// <param name="Above">More lines than this.</param>
/// <param name="Over">Within so long.</param>
internal sealed record LogCondition(
    string? Service, LogLevel LeastLevel, string? Text, ImmutableSortedDictionary<string, string> Fields, long Above, TimeSpan Over) : AlertCondition;

/// <summary>Anomalies of this site's series.</summary>
/// <param name="Series">Names; one may end in <c>*</c>.</param>
/// <param name="LeastScore">From this score on.</param>
/// <param name="Hold">An anomaly is a moment; its alert stays for so long.</param>
internal sealed record AnomalyCondition(ImmutableArray<string> Series, double LeastScore, TimeSpan Hold) : AlertCondition;
