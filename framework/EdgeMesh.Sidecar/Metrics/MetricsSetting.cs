namespace EdgeMesh.Sidecar.Metrics;

/// <summary>The section <c>metrics</c> (or <c>metric</c>) of a Configuration.</summary>
internal sealed record MetricsSetting
{
    public static readonly MetricsSetting Default = new();

    /// <summary>Whether there is a metrics port at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether requests are told apart by their path where no pattern takes it.</summary>
    public bool TellsPaths { get; init; } = true;

    /// <summary>Whether requests are told apart by their method.</summary>
    public bool TellsMethods { get; init; } = true;

    /// <summary>Paths that are counted under their pattern.</summary>
    public IReadOnlyList<PathPattern> Patterns { get; init; } = [];

    /// <summary>Upper bounds of the buckets of latencies, in milliseconds, ascending.</summary>
    public IReadOnlyList<double> Buckets { get; init; } = MetricSeries.DefaultBuckets;

    /// <summary>What becomes of values of labels, one after the other.</summary>
    public IReadOnlyList<LabelRule> Rules { get; init; } = [];

    /// <summary>Whether answers that are faults are counted by their code.</summary>
    public bool CountsErrorCodes { get; init; }

    /// <summary>The labels under which a request is counted.</summary>
    public (string Method, string Path) Labels(string method, string path) => (TellsMethods ? method : "", Path(path));

    private string Path(string path)
    {
        foreach (var pattern in Patterns)
        {
            if (pattern.Takes(path))
            {
                return pattern.Text;
            }
        }

        return TellsPaths ? CountedPath.Of(path) : "";
    }
}
