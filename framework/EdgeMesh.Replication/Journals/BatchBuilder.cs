using System.Collections.Immutable;
using System.Security.Cryptography;
using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Collects the commits of one batch, in order, and decides each against the durable state and the commits before it.</summary>
internal sealed class BatchBuilder
{
    private const int RecordLimit = 10_000;
    private const int ChunkBytes = 900 * 1024;

    private readonly JournalName _name;
    private readonly JournalKeys _keys;
    private readonly Dictionary<DocumentKey, Wire.DocumentHead?> _heads = [];
    private readonly List<Change> _earlier = [];
    private readonly List<KeyValuePair<string, ReadOnlyMemory<byte>>> _bodies = [];
    private readonly MemoryStream _chunk = new();
    private readonly List<Wire.DocumentVersion> _inChunk = [];
    private int _chunks;

    public BatchBuilder(JournalName name, JournalKeys keys, Wire.Head head, DateTimeOffset now)
    {
        (_name, _keys) = (name, keys);
        (Epoch, Number, Counter, Now) = (head.Epoch, head.Batch + 1, head.Counter, now);
        HeadPosition = Recovery.Last(head);
        Id = RandomNumberGenerator.GetBytes(16);
        Batch = new Wire.Batch { Format = Codec.Format, Id = ByteString.CopyFrom(Id) };
    }

    public uint Epoch { get; }

    public long Number { get; }

    public long Counter { get; private set; }

    public DateTimeOffset Now { get; }

    public byte[] Id { get; }

    public Position HeadPosition { get; }

    public Wire.Batch Batch { get; }

    /// <summary>Bodies of withdrawn copies, to delete once the batch is durable.</summary>
    public List<string> Obsolete { get; } = [];

    public bool IsEmpty => Batch.Records.Count == 0;

    public int NextIndex => Batch.Records.Count;

    public CommitContext Context => new(HeadPosition, _earlier) { NextRecord = new Position(Epoch, Number, NextIndex) };

    public bool HasRoomFor(int records) => IsEmpty || NextIndex + records <= RecordLimit;

    public async ValueTask<Wire.DocumentHead?> HeadAsync(DocumentKey key, DocumentHeads heads, CancellationToken cancellation)
    {
        if (!_heads.TryGetValue(key, out var head))
        {
            head = await heads.FindAsync(key, cancellation);
            _heads[key] = head;
        }

        return head is { Current.Count: 0 } ? null : head;
    }

    /// <summary>Adds a local commit whose bases and precondition hold.</summary>
    public ImmutableArray<Document> Add(Commit commit, SharePlan plan)
    {
        var first = NextIndex;
        var documents = ImmutableArray.CreateBuilder<Document>(commit.Changes.Length);
        for (var i = 0; i < commit.Changes.Length; i++)
        {
            documents.Add(AddChange(commit.Changes[i], plan.Holders.IsDefaultOrEmpty ? [] : plan.Holders[i]));
        }

        foreach (var share in plan.Changes)
        {
            AddRecord(new Wire.Record { Kind = (int)RecordKind.Shared, Share = Codec.ToWire(share) });
        }

        foreach (var entry in commit.Events)
        {
            AddRecord(new Wire.Record { Kind = (int)RecordKind.Event, Event = UnsafeByteOperations.UnsafeWrap(entry) });
        }

        if (commit.IdempotencyKey is { } key)
        {
            Batch.Idempotency.Add(new Wire.Idempotency { Key = _keys.Idempotency(key), First = first, Last = NextIndex - 1 });
        }

        return documents.MoveToImmutable();
    }

    private Document AddChange(Change change, ImmutableArray<Holder> holders)
    {
        var document = new Document
        {
            Key = change.Key,
            Version = new VersionId(_name.Site, new Position(Epoch, Number, NextIndex)),
            Vector = (change.Base ?? VersionVector.Empty).With(_name.Site, Epoch, ++Counter),
            RecordedAt = Now,
            Body = change.Body,
            Labels = change.Labels,
            Deleted = change.Deleted,
            OwnerSite = OwnerOf(change.Key),
        };
        var wire = Codec.ToWire(document);
        if (!change.Body.IsEmpty)
        {
            Pack(wire, change.Body);
        }

        AddVersion(new Wire.Record { Kind = (int)RecordKind.Changed, Document = wire, Holders = { holders.Select(Codec.ToWire) } }, change.Key);
        _earlier.Add(change);
        return document;
    }

    /// <summary>Adds a foreign version. It has a body of its own, so that a withdrawal can delete it.</summary>
    public void AddForeign(Wire.DocumentVersion version, ByteString wrappedKey)
    {
        var own = version.Clone();
        if (!own.Body.IsEmpty)
        {
            own.BodyKey = _keys.Chunk(Epoch, Number, Id, "copy", NextIndex);
            (own.BodyOffset, own.BodyLength) = (0, own.Body.Length);
            _bodies.Add(new(own.BodyKey, own.Body.Memory));
            own.Body = ByteString.Empty;
        }

        AddVersion(new Wire.Record { Kind = (int)RecordKind.Applied, Document = own, WrappedKey = wrappedKey }, Codec.FromWire(version.Key));
    }

    public void AddWithdrawal(DocumentKey key, Wire.DocumentHead head)
    {
        Obsolete.AddRange(head.Current.Concat(head.History).Select(v => v.BodyKey).Where(k => k.Length > 0));
        AddRecord(new Wire.Record { Kind = (int)RecordKind.Withdrawn, Withdrawn = Codec.ToWire(key) });
        _heads[key] = null;
    }

    /// <summary>Says with the batch how far the feed was applied: exactly once, also over a crash.</summary>
    public void AddFeedPosition(string journal, string position)
    {
        var feed = new Wire.FeedPosition { Journal = journal, Position = position };
        AddRecord(new Wire.Record { Kind = (int)RecordKind.FeedAdvanced, Feed = feed });
    }

    /// <summary>The bodies that must be durable before the batch; large records go with them.</summary>
    public IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> TakeBodies(int inlineLimit, out Wire.Batch row)
    {
        CloseChunk();
        row = Batch;
        if (Batch.CalculateSize() > inlineLimit)
        {
            row = MoveRecordsOut();
        }

        return _bodies;
    }

    private Wire.Batch MoveRecordsOut()
    {
        var row = new Wire.Batch { Format = Batch.Format, Id = Batch.Id, Idempotency = { Batch.Idempotency }, Manifest = _keys.Chunk(Epoch, Number, Id, "manifest", 0)[..^1] };
        var (records, bytes) = (new Wire.Records(), 0);
        foreach (var record in Batch.Records)
        {
            var size = record.CalculateSize();
            if (bytes + size > ChunkBytes && bytes > 0)
            {
                _bodies.Add(new(row.Manifest + row.Chunks++, records.ToByteArray()));
                (records, bytes) = (new Wire.Records(), 0);
            }

            records.Records_.Add(record);
            bytes += size;
        }

        _bodies.Add(new(row.Manifest + row.Chunks++, records.ToByteArray()));
        return row;
    }

    private void Pack(Wire.DocumentVersion version, ReadOnlyMemory<byte> body)
    {
        if (_chunk.Length > 0 && _chunk.Length + body.Length > ChunkBytes)
        {
            CloseChunk();
        }

        (version.BodyOffset, version.BodyLength) = ((int)_chunk.Length, body.Length);
        _chunk.Write(body.Span);
        _inChunk.Add(version);
    }

    private void CloseChunk()
    {
        if (_chunk.Length == 0)
        {
            return;
        }

        var key = _keys.Chunk(Epoch, Number, Id, "body", _chunks++);
        _inChunk.ForEach(v => v.BodyKey = key);
        _bodies.Add(new(key, _chunk.ToArray()));
        _chunk.SetLength(0);
        _inChunk.Clear();
    }

    private void AddVersion(Wire.Record record, DocumentKey key)
    {
        _heads[key] = DocumentHeads.Succeed(_heads.GetValueOrDefault(key), record);
        AddRecord(record);
    }

    private void AddRecord(Wire.Record record)
    {
        record.RecordedMs = Now.ToUnixTimeMilliseconds();
        Batch.Records.Add(record);
    }

    /// <summary>The site that made the key: ids are <c>{site}-{random}</c>, and the random part has no hyphen.</summary>
    private static string OwnerOf(DocumentKey key)
    {
        var hyphen = key.Id.LastIndexOf('-');
        return hyphen > 0 ? key.Id[..hyphen] : key.Id;
    }
}
