namespace EdgeMesh.Ledger;

/// <summary>A sequencer's limits.</summary>
public sealed record SequencerOptions
{
    /// <summary>The most entries of a batch, and so of a request.</summary>
    public int BatchEntries { get; init; } = 1024;

    /// <summary>The most bytes of a batch's entries, and so of a request's. A stage must stay below 1 MiB.</summary>
    public int BatchBytes { get; init; } = 512 * 1024;

    /// <summary>How many requests wait; more are answered <see cref="AppendOutcome.Busy"/>.</summary>
    public int QueuedRequests { get; init; } = 8192;

    /// <summary>How many bytes of entries wait.</summary>
    public long QueuedBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>How long one commit or load may take.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The wait after the first failed load; it doubles up to <see cref="MaxRetryDelay"/>.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between loads.</summary>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(5);
}
