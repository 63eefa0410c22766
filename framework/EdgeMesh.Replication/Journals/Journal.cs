using System.Collections.Immutable;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>A site's journal of one owner, and the documents derived from it. One writer takes concurrent commits in batches.</summary>
public sealed class Journal : IAsyncDisposable
{
    private const int ChangeLimit = 5_000;

    private readonly JournalKeys _keys;
    private readonly JournalWriter _writer;
    private readonly DocumentHeads _heads;
    private readonly BatchLog _log;

    private Journal(JournalName name, JournalKeys keys, JournalWriter writer, DocumentHeads heads, BatchLog log) =>
        (Name, _keys, _writer, _heads, _log) = (name, keys, writer, heads, log);

    /// <summary>Which journal.</summary>
    public JournalName Name { get; }

    /// <summary>The last durable record.</summary>
    public Position Head => Recovery.Last(_writer.Head);

    /// <summary>Recovers what an interrupted commit left, and opens the journal for writing.</summary>
    public static async Task<Journal> OpenAsync(JournalName name, IJournalStore store, JournalOptions options, CancellationToken cancellation)
    {
        var keys = new JournalKeys(name);
        var marker = new EpochMarker(options.MarkerPath);
        var row = await Recovery.OpenHeadAsync(keys, store, marker, cancellation);
        var heads = new DocumentHeads(keys, store);
        var log = new BatchLog(keys, store);
        await Recovery.DeriveAsync(keys, store, heads, log, Wire.Head.Parser.ParseFrom(row.Value.Span), cancellation);
        return new Journal(name, keys, new JournalWriter(name, keys, store, options, heads, log, marker, row), heads, log);
    }

    /// <summary>Writes a commit; returns after it is durable, or with the reason why it does not stand. Once it is with the writer it can't
    /// be cancelled: cancelling ends the waiting, not the commit.</summary>
    /// <exception cref="JournalUnavailableException">The store did not answer: nobody knows the outcome until it does.</exception>
    public Task<CommitResult> CommitAsync(Commit commit, CancellationToken cancellation)
    {
        if (commit.Changes.Length > ChangeLimit)
        {
            return Task.FromResult<CommitResult>(new CommitResult.Refused("commit-too-large", $"A commit has at most {ChangeLimit} changes; this one has {commit.Changes.Length}. Split it."));
        }

        var work = new CommitWork(commit, _keys, CancellationToken.None);
        return _writer.TryEnqueue(work)
            ? work.Done.WaitAsync(cancellation)
            : Task.FromResult<CommitResult>(new CommitResult.Refused("journal-busy", "Too many commits wait for the journal. Ask again in a second."));
    }

    /// <summary>Applies a page of a foreign feed as one local batch that also holds the feed's new position. False: it was applied before.</summary>
    internal Task<bool> ApplyAsync(JournalName journal, Wire.FeedPage page)
    {
        var work = new ApplyWork(journal, page, _keys);
        return _writer.TryEnqueue(work)
            ? work.Done
            : Task.FromException<bool>(new JournalUnavailableException($"Too many commits wait for journal {Name}."));
    }

    /// <summary>How far a foreign feed was applied.</summary>
    internal async ValueTask<Position> FeedPositionAsync(JournalName journal, CancellationToken cancellation) =>
        await _heads.FindRowAsync(_keys.Feed(journal.ToString()), cancellation) is { } row
            ? Codec.ReadPosition(Wire.PositionRow.Parser.ParseFrom(row).Position)
            : Position.Start;

    /// <summary>The current version, tombstones included; null when there never was one, or it was withdrawn.</summary>
    public async ValueTask<Document?> GetAsync(DocumentKey key, CancellationToken cancellation) =>
        await _heads.FindAsync(key, cancellation) is { Current.Count: > 0 } head ? await CommitWork.ReadAsync(head, _log, cancellation) : null;

    /// <summary>The current versions in the order of the keys.</summary>
    public async ValueTask<IReadOnlyList<Document?>> GetManyAsync(IReadOnlyList<DocumentKey> keys, CancellationToken cancellation)
    {
        var documents = new Document?[keys.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation };
        await Parallel.ForAsync(0, keys.Count, options, async (i, token) => documents[i] = await GetAsync(keys[i], token));
        return documents;
    }

    /// <summary>A certain version; null when it is not known here.</summary>
    public async ValueTask<Document?> GetVersionAsync(DocumentKey key, VersionId version, CancellationToken cancellation)
    {
        var text = version.ToString();
        var found = (await _heads.FindAsync(key, cancellation)) is { } head ? head.Current.Concat(head.History).FirstOrDefault(v => v.Version == text) : null;
        return found is null ? null : Codec.FromWire(found, await _log.BodyAsync(found, cancellation));
    }

    /// <summary>The versions known here, newest first; of very many the oldest are left out.</summary>
    public async ValueTask<ImmutableArray<Document>> GetHistoryAsync(DocumentKey key, int limit, CancellationToken cancellation)
    {
        if (await _heads.FindAsync(key, cancellation) is not { } head)
        {
            return [];
        }

        var versions = ImmutableArray.CreateBuilder<Document>();
        foreach (var version in head.Current.Concat(head.History).Take(limit))
        {
            versions.Add(Codec.FromWire(version, await _log.BodyAsync(version, cancellation)));
        }

        return versions.ToImmutable();
    }

    /// <summary>Records after <paramref name="after"/>, with bodies. Batches are kept whole: a page may have more than asked for by one batch.</summary>
    public ValueTask<JournalPage> ReadAsync(Position after, int maxRecords, CancellationToken cancellation) =>
        ReadAsync(after, maxRecords, _ => true, cancellation);

    /// <summary>Records after <paramref name="after"/>, with the bodies of the collections that <paramref name="reads"/> names.</summary>
    public async ValueTask<JournalPage> ReadAsync(Position after, int maxRecords, Func<string, bool> reads, CancellationToken cancellation)
    {
        var page = await ReadWireAsync(after, maxRecords, cancellation);
        var records = ImmutableArray.CreateBuilder<JournalRecord>(page.Records.Count);
        foreach (var (at, record) in page.Records)
        {
            records.Add(Codec.FromWire(record, at, record.Document is null || !reads(record.Document.Key.Collection) ? default : await _log.BodyAsync(record.Document, cancellation)));
        }

        return new JournalPage(records.MoveToImmutable(), page.Next, page.Next >= Head);
    }

    internal async ValueTask<(List<(Position At, Wire.Record Record)> Records, Position Next)> ReadWireAsync(Position after, int maxRecords, CancellationToken cancellation)
    {
        var (records, next) = (new List<(Position, Wire.Record)>(), after);
        foreach (var (epoch, last) in Recovery.Epochs(_writer.Head))
        {
            for (var number = epoch > after.Epoch ? 1 : epoch < after.Epoch ? long.MaxValue : Math.Max(1, after.Batch); number <= last; number++)
            {
                var batch = await _log.ReadAsync(epoch, number, cancellation);
                for (var i = 0; i < batch.Records.Count; i++)
                {
                    var at = new Position(epoch, number, i);
                    if (at > after || after == Position.Start)
                    {
                        records.Add((at, batch.Records[i]));
                        next = at;
                    }
                }

                if (records.Count >= maxRecords)
                {
                    return (records, next);
                }
            }
        }

        return (records, next);
    }

    /// <summary>The body of a record's document, for who read it without.</summary>
    internal ValueTask<ReadOnlyMemory<byte>> BodyAsync(Wire.DocumentVersion version, CancellationToken cancellation) => _log.BodyAsync(version, cancellation);

    /// <summary>Who may hold a document's current version.</summary>
    internal async ValueTask<Wire.DocumentHead?> HeadAsync(DocumentKey key, CancellationToken cancellation) => await _heads.FindAsync(key, cancellation);

    /// <summary>Returns once the head is past <paramref name="after"/>.</summary>
    public async Task WaitAsync(Position after, CancellationToken cancellation)
    {
        while (true)
        {
            var moved = _writer.Moved;
            if (Head > after)
            {
                return;
            }

            await moved.WaitAsync(cancellation);
        }
    }

    /// <summary>Finishes the batch that is being written and stops.</summary>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
