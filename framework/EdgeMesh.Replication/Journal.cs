using System.Collections.Immutable;

namespace EdgeMesh.Replication;

/// <summary>A site's journal of one owner, and the documents derived from it. One writer takes concurrent commits in batches.</summary>
public sealed class Journal : IAsyncDisposable
{
    private Journal(JournalName name) => Name = name;

    /// <summary>Which journal.</summary>
    public JournalName Name { get; }

    /// <summary>The last durable record.</summary>
    public Position Head => throw new NotImplementedException();

    /// <summary>Recovers what an interrupted commit left, and opens the journal for writing.</summary>
    public static Task<Journal> OpenAsync(JournalName name, IJournalStore store, JournalOptions options, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Writes a commit; returns after it is durable, or with the reason why it does not stand.</summary>
    public Task<CommitResult> CommitAsync(Commit commit, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>The current version, tombstones included; null when there never was one.</summary>
    public ValueTask<Document?> GetAsync(DocumentKey key, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>The current versions in the order of the keys.</summary>
    public ValueTask<IReadOnlyList<Document?>> GetManyAsync(IReadOnlyList<DocumentKey> keys, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>A certain version; null when it is not known here.</summary>
    public ValueTask<Document?> GetVersionAsync(DocumentKey key, VersionId version, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>All versions known here, newest first.</summary>
    public ValueTask<ImmutableArray<Document>> GetHistoryAsync(DocumentKey key, int limit, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Records after <paramref name="after"/>.</summary>
    public ValueTask<JournalPage> ReadAsync(Position after, int maxRecords, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Returns once the head is past <paramref name="after"/>.</summary>
    public Task WaitAsync(Position after, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Finishes the batch that is being written and stops.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>How a journal works; each limit has a default.</summary>
public sealed record JournalOptions
{
    /// <summary>For <see cref="JournalRecord.RecordedAt"/>; tests move it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Who may hold what is written.</summary>
    public ISharePolicy SharePolicy { get; init; } = new ShareNothing();

    /// <summary>Commits that may wait for the writer; one more is refused with <c>journal-busy</c>.</summary>
    public int QueueLimit { get; init; } = 1024;

    /// <summary>Commits in one batch.</summary>
    public int BatchLimit { get; init; } = 256;
}
