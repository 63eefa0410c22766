namespace EdgeMesh.Replication;

/// <summary>How a journal works; each limit has a default.</summary>
public sealed record JournalOptions
{
    /// <summary>For <see cref="JournalRecord.RecordedAt"/> and for pauses; tests move it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Who may hold what is written.</summary>
    public ISharePolicy SharePolicy { get; init; } = new ShareNothing();

    /// <summary>A file outside the stores that remembers how far the journal went: a head that is older (a restored backup) or of another
    /// line, or a head where the file is missing, opens a new epoch. Null: no such file is kept.</summary>
    public string? MarkerPath { get; init; }

    /// <summary>Whether the stores were restored from a backup: opens a new epoch in any case.</summary>
    public bool IsRestored { get; init; }

    /// <summary>Told when something foreign is refused. Must return at once.</summary>
    public Action<ForeignAlert>? OnAlert { get; init; }

    /// <summary>Commits that may wait for the writer; one more is refused with <c>journal-busy</c>.</summary>
    public int QueueLimit { get; init; } = 1024;

    /// <summary>Commits in one batch.</summary>
    public int BatchLimit { get; init; } = 256;

    /// <summary>Changes in one commit.</summary>
    public int ChangeLimit { get; init; } = 5_000;

    /// <summary>Bytes of all bodies and events in one commit.</summary>
    public long CommitBytesLimit { get; init; } = 64 * 1024 * 1024;

    /// <summary>Bytes of one body or event. At most 896 KiB, so that a feed page of 1 MiB holds it.</summary>
    public int BodyLimit { get; init; } = 896 * 1024;

    /// <summary>Bytes of memory for document heads; twice as much for bodies, and as much for batches.</summary>
    public long CacheBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long a precondition or the share policy may take; then its commit fails.</summary>
    public TimeSpan DecisionLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one call of the store may take; then it counts as failed, and the head is read.</summary>
    public TimeSpan StoreCallLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a failing step is tried before its commits fail with <see cref="JournalUnavailableException"/>.</summary>
    public int Attempts { get; init; } = 5;

    /// <summary>The pause before the second attempt; it doubles, with jitter.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long derived rows may wait in memory before they are written, so that several batches share a write.</summary>
    public TimeSpan DeriveDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Derived rows that may wait in memory; with more the writer waits until they are written.</summary>
    public int DeriveLimit { get; init; } = 10_000;
}

/// <summary>Something foreign that was refused: a fault or an attack at another site, for an operator to look at.</summary>
/// <param name="Code">Stable: <c>document-unrelated</c>, <c>document-owner</c> or <c>version-origin</c>.</param>
/// <param name="Journal">The foreign journal.</param>
/// <param name="Key">The document.</param>
/// <param name="Detail">What was wrong and what to do.</param>
public sealed record ForeignAlert(string Code, JournalName Journal, DocumentKey Key, string Detail);
