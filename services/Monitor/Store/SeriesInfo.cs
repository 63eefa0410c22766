namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Which series; what is null does not matter.</summary>
internal sealed record SeriesQuery
{
    public const int MostSeries = 5000;

    public string? Site { get; init; }

    public string? Service { get; init; }

    /// <summary>The instrument's name (<see cref="NamePattern"/>).</summary>
    public string? Name { get; init; }

    /// <summary>Somewhere in the instrument's name, in small or capital ASCII letters.</summary>
    public string? Text { get; init; }

    public string? Kind { get; init; }

    /// <summary>Labels with these values (<see cref="NamePattern"/>).</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Only series with a point since then, give or take ten minutes.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>At most <see cref="MostSeries"/>.</summary>
    public int Limit { get; init; } = MostSeries;
}

/// <summary>A series of measurements.</summary>
/// <param name="Id">Names it in this store.</param>
/// <param name="Site">Where.</param>
/// <param name="Service">By whom.</param>
/// <param name="Name">The instrument's, such as <c>http.server.request.duration</c>.</param>
/// <param name="Unit">UCUM, such as <c>s</c>; of a rate <c>{request}/s</c>.</param>
/// <param name="Kind">One of <see cref="SeriesKinds"/>.</param>
/// <param name="Labels">The instrument's attributes.</param>
internal sealed record SeriesInfo(long Id, string Site, string Service, string Name, string Unit, string Kind, IReadOnlyDictionary<string, string> Labels);

/// <summary>What the values of a series are. Counters and histograms become what people look at when they arrive.</summary>
internal static class SeriesKinds
{
    /// <summary>What was measured.</summary>
    public const string Gauge = "gauge";

    /// <summary>How much a second, of a counter; of a histogram, how many values a second.</summary>
    public const string Rate = "rate";

    /// <summary>Half of the values of the interval were at most this.</summary>
    public const string Median = "p50";

    /// <summary>95 in 100 of the values of the interval were at most this.</summary>
    public const string P95 = "p95";

    /// <summary>99 in 100 of the values of the interval were at most this.</summary>
    public const string P99 = "p99";
}

/// <summary>One point of a series.</summary>
/// <param name="Time">When.</param>
/// <param name="Value">How much.</param>
/// <param name="ExemplarTraceId">A trace that contributed to it, or null.</param>
internal sealed record SeriesPoint(DateTimeOffset Time, double Value, string? ExemplarTraceId);

/// <summary>A point to be stored, with the series that it belongs to.</summary>
internal sealed record SeriesSample(
    string Site, string Service, string Name, string Unit, string Kind, IReadOnlyDictionary<string, string> Labels, DateTimeOffset Time, double Value, string? ExemplarTraceId);
