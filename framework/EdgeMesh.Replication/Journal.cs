using System.Collections.Immutable;
using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Feeds;
using EdgeMesh.Replication.Storage;
using EdgeMesh.Replication.Writing;

namespace EdgeMesh.Replication;

/// <summary>A site's journal of one owner, and the documents derived from it. One writer takes concurrent commits in batches.</summary>
public sealed class Journal : IAsyncDisposable
{
    private readonly JournalWriter _writer;
    private readonly JournalReader _reader;
    private int _disposed;

    private Journal(JournalCore core) => (Core, _writer, _reader) = (core, new JournalWriter(core), new JournalReader(core));

    /// <summary>Which journal.</summary>
    public JournalName Name => Core.Name;

    /// <summary>The last durable record.</summary>
    public Position Head => Core.Head.Position;

    internal JournalCore Core { get; }

    /// <summary>Recovers what an interrupted commit left, and opens the journal for writing.</summary>
    /// <exception cref="JournalUnavailableException">The store does not answer; try again.</exception>
    /// <exception cref="InvalidDataException">The store has lost a batch, or was written by a newer version.</exception>
    public static async Task<Journal> OpenAsync(JournalName name, IJournalStore store, JournalOptions options, CancellationToken cancellation) =>
        new(await JournalCore.OpenAsync(name, store, options, cancellation));

    /// <summary>Writes a commit; returns after it is durable, or with the reason why it does not stand. Cancelling a commit that the writer
    /// has taken ends the waiting, not the commit.</summary>
    /// <exception cref="JournalUnavailableException">The store did not answer: the outcome is unknown. Ask again with the same idempotency key.</exception>
    public Task<CommitResult> CommitAsync(Commit commit, CancellationToken cancellation)
    {
        if (CommitLimits.Check(commit, Core.Options) is { } refused)
        {
            return Task.FromResult<CommitResult>(refused);
        }

        var work = new CommitWork(commit, Core.Options, cancellation);
        return _writer.TryEnqueue(work)
            ? work.Done.WaitAsync(cancellation)
            : Task.FromResult<CommitResult>(new CommitResult.Refused("journal-busy", $"{Core.Options.QueueLimit} commits wait for the journal already, or it closes. Ask again in a second."));
    }

    /// <summary>The current version, tombstones included; null when there never was one, or its owner has withdrawn it.</summary>
    public async ValueTask<Document?> GetAsync(DocumentKey key, CancellationToken cancellation) =>
        (await _reader.GetManyAsync([key], cancellation))[0];

    /// <summary>The current versions in the order of the keys.</summary>
    public ValueTask<IReadOnlyList<Document?>> GetManyAsync(IReadOnlyList<DocumentKey> keys, CancellationToken cancellation) =>
        _reader.GetManyAsync(keys, cancellation);

    /// <summary>A certain version; null when it is not known here.</summary>
    public ValueTask<Document?> GetVersionAsync(DocumentKey key, VersionId version, CancellationToken cancellation) =>
        _reader.GetVersionAsync(key, version, cancellation);

    /// <summary>All versions known here, newest first.</summary>
    public ValueTask<ImmutableArray<Document>> GetHistoryAsync(DocumentKey key, int limit, CancellationToken cancellation) =>
        _reader.GetHistoryAsync(key, limit, cancellation);

    /// <summary>Records after <paramref name="after"/>, with bodies: at most <paramref name="maxRecords"/>, and fewer when they are large.</summary>
    public ValueTask<JournalPage> ReadAsync(Position after, int maxRecords, CancellationToken cancellation) =>
        _reader.ReadAsync(after, maxRecords, static _ => true, cancellation);

    /// <summary>Records after <paramref name="after"/>, with the bodies of the collections that <paramref name="reads"/> names; others come empty.</summary>
    public ValueTask<JournalPage> ReadAsync(Position after, int maxRecords, Func<string, bool> reads, CancellationToken cancellation) =>
        _reader.ReadAsync(after, maxRecords, reads, cancellation);

    /// <summary>Returns once the head is past <paramref name="after"/>.</summary>
    public async Task WaitAsync(Position after, CancellationToken cancellation)
    {
        while (true)
        {
            var moved = Core.Head.Moved;
            if (Head > after)
            {
                return;
            }

            await moved.WaitAsync(cancellation);
        }
    }

    /// <summary>Finishes the batch that is being written and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _writer.DisposeAsync();
            await Core.DisposeAsync();
        }
    }

    /// <summary>Applies a page of a foreign feed, and with it how far the feed came. False: it was applied before.</summary>
    internal async Task<bool> ApplyAsync(JournalName source, FeedCursor after, Wire.FeedPage page, CancellationToken cancellation)
    {
        using var spans = new FeedSpans(Core.Spans, source, page);
        var work = new ApplyWork(source, after, page, spans, Core.Options.OnAlert);
        return _writer.TryEnqueue(work)
            ? await work.Done.WaitAsync(cancellation)
            : throw new JournalUnavailableException($"Too many commits wait for journal {Name}, or it closes.");
    }
}
