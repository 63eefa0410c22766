using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Storage;
using Google.Protobuf;

namespace EdgeMesh.Replication.Documents;

/// <summary>What one batch does to the derived rows. The writer fills it while it plans, recovery from the stored batch: by the same code.
/// Rows are loaded before they are touched, so that applying can't fail after the batch is durable.</summary>
internal sealed class BatchEffects(JournalKeys keys, DerivedRows rows)
{
    private readonly Dictionary<DocumentKey, Wire.DocumentHead?> _documents = [];
    private readonly Dictionary<DocumentKey, Position> _loadedAt = [];
    private readonly Dictionary<string, IMessage> _changed = new(StringComparer.Ordinal);

    /// <summary>The rows that change, with their new values.</summary>
    public IReadOnlyDictionary<string, IMessage> Changed => _changed;

    /// <summary>Bodies that go: those of withdrawn copies.</summary>
    public List<string> Obsolete { get; } = [];

    /// <summary>Loads what is not loaded yet, together.</summary>
    public async ValueTask LoadAsync(IEnumerable<DocumentKey> documents, CancellationToken cancellation)
    {
        var missing = documents.Where(k => !_documents.ContainsKey(k)).Distinct().ToArray();
        if (missing.Length == 0)
        {
            return;
        }

        var heads = await rows.FindManyAsync(missing.Select(keys.Document).ToArray(), Wire.DocumentHead.Parser, cancellation);
        for (var i = 0; i < missing.Length; i++)
        {
            _documents[missing[i]] = heads[i];
            _loadedAt[missing[i]] = WireModel.Read(heads[i]?.At);
        }
    }

    /// <summary>What is current of a loaded document, after all that was applied here.</summary>
    public Wire.DocumentHead? this[DocumentKey key] => _documents[key];

    /// <summary>A changed row; null when this batch did not change it.</summary>
    public T? Find<T>(string row)
        where T : class, IMessage => (T?)_changed.GetValueOrDefault(row);

    /// <summary>The documents whose rows a record touches.</summary>
    public static IEnumerable<DocumentKey> Touched(Wire.Record record)
    {
        if (record.Document is not null)
        {
            yield return WireModel.Read(record.Document.Key);
        }

        if (record.Withdrawal is not null)
        {
            yield return WireModel.Read(record.Withdrawal.Key);
        }

        foreach (var key in record.Share is null ? [] : record.Share.Withdrawn.Concat(record.Share.Granted.Select(g => g.Key)))
        {
            yield return WireModel.Read(key);
        }
    }

    /// <summary>Applies a record; the documents that it touches are loaded.</summary>
    public void Apply(Wire.Record record, Position at)
    {
        switch ((RecordKind)record.Kind)
        {
            case RecordKind.Changed or RecordKind.Applied:
                Set(record.Document.Key, at, head => DocumentState.WithVersion(head, record, at));
                break;
            case RecordKind.Shared:
                ApplyShare(record.Share, at);
                break;
            case RecordKind.Withdrawn:
                Set(record.Withdrawal.Key, at, head => DocumentState.Withdrawn(head, at));
                Obsolete.AddRange(record.Withdrawal.Bodies);
                break;
        }
    }

    /// <summary>Remembers where a commit with an idempotency key stands.</summary>
    public void Apply(Wire.CommitSpan span, uint epoch, long batch)
    {
        if (!span.Idempotency.IsEmpty)
        {
            var first = new Wire.At { Epoch = epoch, Batch = batch, Index = span.First };
            _changed[keys.Repeat(span.Idempotency.Span)] = new Wire.Repeat { Format = WireModel.Current, First = first, Count = span.Count };
        }
    }

    /// <summary>Remembers how far a foreign feed came.</summary>
    public void Apply(Wire.FeedAdvance? feed)
    {
        if (feed is not null && JournalName.TryParse(feed.Journal, out var journal))
        {
            _changed[keys.Feed(journal!)] = new Wire.FeedState { Format = WireModel.Current, Cursor = feed.Cursor };
        }
    }

    /// <summary>Applies a stored batch, as recovery does.</summary>
    public async ValueTask ApplyAsync(Wire.Batch batch, uint epoch, long number, CancellationToken cancellation)
    {
        await LoadAsync(batch.Records.SelectMany(Touched), cancellation);
        for (var i = 0; i < batch.Records.Count; i++)
        {
            Apply(batch.Records[i], new Position(epoch, number, i));
        }

        foreach (var span in batch.Commits)
        {
            Apply(span, epoch, number);
        }

        Apply(batch.Feed);
    }

    private void ApplyShare(Wire.ShareChange share, Position at)
    {
        foreach (var key in share.Withdrawn)
        {
            Set(key, at, head => head is null ? null : DocumentState.Revoked(head, share.Peer, at));
        }

        foreach (var grant in share.Granted)
        {
            Set(grant.Key, at, head => head is null ? null : DocumentState.Granted(head, share.Peer, share.ConsentVersion, at));
        }
    }

    /// <summary>A row that was written before a crash has the record in it already.</summary>
    private void Set(Wire.DocumentKey wireKey, Position at, Func<Wire.DocumentHead?, Wire.DocumentHead?> succeed)
    {
        var key = WireModel.Read(wireKey);
        if (_loadedAt[key] >= at)
        {
            return;
        }

        if (succeed(_documents[key]) is { } next)
        {
            _documents[key] = next;
            _changed[keys.Document(key)] = next;
        }
    }
}
