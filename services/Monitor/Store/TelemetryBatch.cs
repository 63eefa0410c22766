namespace EdgeMesh.Services.Monitor.Store;

/// <summary>What is stored together, all or nothing.</summary>
internal sealed record TelemetryBatch
{
    public IReadOnlyList<LogLine> Logs { get; init; } = [];

    public IReadOnlyList<SpanRow> Spans { get; init; } = [];

    public IReadOnlyList<SeriesSample> Samples { get; init; } = [];

    /// <summary>About what it takes in memory; the queue of the writer is bounded by it.</summary>
    public int Weight { get; init; }

    public int Records => Logs.Count + Spans.Count + Samples.Count;
}

/// <summary>What became of a batch.</summary>
/// <param name="Outcome">Whether it is stored.</param>
/// <param name="Refused">Records of a stored batch that were left out: they would have been the first of one source or series too many.</param>
/// <param name="Reason">For people, when something was left out or nothing was stored.</param>
internal sealed record AddResult(AddOutcome Outcome, int Refused = 0, string? Reason = null);

/// <summary>What became of a batch.</summary>
internal enum AddOutcome
{
    /// <summary>On disk.</summary>
    Stored,

    /// <summary>Too much waits to be written: again in a moment.</summary>
    Busy,

    /// <summary>The disk does not take it: again later.</summary>
    Failed,
}
