namespace EdgeMesh.Replication;

/// <summary>How a journal works; each limit has a default.</summary>
public sealed record JournalOptions
{
    /// <summary>For <see cref="JournalRecord.RecordedAt"/>; tests move it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Who may hold what is written.</summary>
    public ISharePolicy SharePolicy { get; init; } = new ShareNothing();

    /// <summary>Commits that may wait for the writer; one more is refused with <c>journal-busy</c>.</summary>
    public int QueueLimit { get; init; } = 1024;

    /// <summary>A file outside the stores that remembers how far the journal went: a head that is older than it (a restored backup) opens a
    /// new epoch. Null: no such file is kept.</summary>
    public string? MarkerPath { get; init; }

    /// <summary>Told when a foreign document has the key of an unrelated one here and is refused.</summary>
    public Action<DocumentKey, string>? OnUnrelated { get; init; }

    /// <summary>Commits in one batch.</summary>
    public int BatchLimit { get; init; } = 256;
}
