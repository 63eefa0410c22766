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

    /// <summary>What is wrong with the limits, each fault with its name; empty when nothing is.</summary>
    public IEnumerable<string> Faults()
    {
        // More of either, and a stage with its tiles could pass the 1 MiB that a store takes.
        if (BatchEntries is < 1 or > 1024)
        {
            yield return $"{nameof(BatchEntries)} is {BatchEntries}: 1 to 1024.";
        }

        if (BatchBytes is < EntryBundle.MaxEntry + 2 or > 512 * 1024)
        {
            yield return $"{nameof(BatchBytes)} is {BatchBytes}: {EntryBundle.MaxEntry + 2} to {512 * 1024}.";
        }

        if (QueuedRequests < 1 || QueuedBytes < BatchBytes)
        {
            yield return $"{nameof(QueuedRequests)} is {QueuedRequests}, {nameof(QueuedBytes)} {QueuedBytes}: at least 1, and at least {nameof(BatchBytes)}.";
        }

        if (CommitTimeout <= TimeSpan.Zero || RetryDelay <= TimeSpan.Zero || MaxRetryDelay < RetryDelay)
        {
            yield return $"{nameof(CommitTimeout)}, {nameof(RetryDelay)} and {nameof(MaxRetryDelay)} must be above zero, the last not below the second.";
        }
    }
}
