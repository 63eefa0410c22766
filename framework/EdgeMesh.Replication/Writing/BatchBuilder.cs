using System.Collections.Immutable;
using System.Security.Cryptography;
using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Storage;
using Google.Protobuf;

namespace EdgeMesh.Replication.Writing;

/// <summary>Collects one batch, in order. Each piece of work is decided against the durable state and the work before it; nothing is added
/// for one that does not stand.</summary>
internal sealed class BatchBuilder
{
    private const int IdLength = 16;
    private const int InlineBytes = 128 * 1024;
    private const int PartBytes = 768 * 1024;

    private readonly JournalCore _core;
    private readonly byte[] _id = RandomNumberGenerator.GetBytes(IdLength);
    private readonly BodyPacker _bodies;
    private readonly Dictionary<VersionId, Document> _documents = [];
    private readonly List<Change> _earlier = [];
    private long _counter;

    public BatchBuilder(JournalCore core)
    {
        var head = core.Head.Value;
        (_core, Epoch, Number, _counter) = (core, head.Epoch, head.Batch + 1, head.Counter);
        Previous = head;
        HeadPosition = JournalHead.PositionOf(head);
        Now = DateTimeOffset.FromUnixTimeMilliseconds(core.Options.Clock.GetUtcNow().ToUnixTimeMilliseconds());
        Effects = new BatchEffects(core.Keys, core.Rows);
        Batch = new Wire.Batch { Format = WireModel.Current, Id = ByteString.CopyFrom(_id) };
        _bodies = new BodyPacker((what, number) => core.Keys.Part(what, Epoch, Number, _id, number));
    }

    public JournalCore Core => _core;

    public Wire.Head Previous { get; }

    public uint Epoch { get; }

    public long Number { get; }

    public DateTimeOffset Now { get; }

    public Position HeadPosition { get; }

    public Wire.Batch Batch { get; }

    public BatchEffects Effects { get; }

    /// <summary>What the records that are added next are marked with.</summary>
    public ByteString Trace { get; set; } = ByteString.Empty;

    public bool IsEmpty => Batch.Records.Count == 0;

    /// <summary>Where the next record will stand.</summary>
    public Position Next => new(Epoch, Number, Batch.Records.Count);

    /// <summary>The last record so far; before the first, the head.</summary>
    public Position Last => IsEmpty ? HeadPosition : Next with { Index = Batch.Records.Count - 1 };

    public CommitContext Context => new(HeadPosition, _earlier) { NextRecord = Next };

    /// <summary>Adds a local change; its document is loaded and its base holds.</summary>
    public Document AddChange(Change change, ImmutableArray<Holder> holders)
    {
        var before = Effects[change.Key];
        var document = new Document
        {
            Key = change.Key,
            Version = new VersionId(_core.Name.Site, Next),
            Vector = (change.Base ?? VersionVector.Empty).With(_core.Name.Site, Epoch, ++_counter),
            RecordedAt = Now,
            Body = change.Body,
            Labels = change.Labels,
            Deleted = change.Deleted,
            OwnerSite = DocumentState.Exists(before) ? before!.Current[0].OwnerSite : _core.Name.Site,
            HeldUnder = DocumentState.Exists(before) && before!.Current[0].HeldUnder is { Length: > 0 } consent ? consent : null,
        };
        var wire = WireModel.Write(document);
        // What belongs to another site may be withdrawn, so it is kept by itself.
        wire.Body = document.OwnerSite == _core.Name.Site ? _bodies.Place(change.Body) : _bodies.PlaceAlone(change.Body);
        _documents[document.Version] = document;
        _earlier.Add(change);
        Add(new Wire.Record { Kind = (int)RecordKind.Changed, Document = wire, Holders = { holders.Select(WireModel.Write) }, Previous = before?.Last });
        return document;
    }

    /// <summary>Adds a foreign version.</summary>
    public void AddForeign(Wire.DocumentVersion version, ReadOnlyMemory<byte> body, ByteString wrappedKey)
    {
        var own = version.Clone();
        own.Body = _bodies.PlaceAlone(body);
        Add(new Wire.Record { Kind = (int)RecordKind.Applied, Document = own, WrappedKey = wrappedKey, Previous = Effects[WireModel.Read(own.Key)]?.Last });
    }

    /// <summary>Adds a record whose documents are loaded.</summary>
    public void Add(Wire.Record record)
    {
        var at = Next;
        record.RecordedMs = Now.ToUnixTimeMilliseconds();
        record.MustUnderstand = true;
        record.Trace = Trace;
        Batch.Records.Add(record);
        Effects.Apply(record, at);
    }

    /// <summary>Closes a commit whose first record is at <paramref name="first"/>.</summary>
    public void Close(int first, byte[]? idempotency)
    {
        var span = new Wire.CommitSpan
        {
            First = first,
            Count = Batch.Records.Count - first,
            Idempotency = idempotency is null ? ByteString.Empty : ByteString.CopyFrom(idempotency),
        };
        if (span.Count > 0)
        {
            Batch.Commits.Add(span);
            Effects.Apply(span, Epoch, Number);
        }
    }

    /// <summary>The batch's records also bring a foreign feed to a position.</summary>
    public void SetFeed(JournalName journal, string cursor)
    {
        Batch.Feed = new Wire.FeedAdvance { Journal = journal.ToString(), Cursor = cursor };
        Effects.Apply(Batch.Feed);
    }

    /// <summary>A record of this batch or of a durable one.</summary>
    public async ValueTask<Wire.Record?> RecordAsync(Position at, CancellationToken cancellation) =>
        at.Epoch == Epoch && at.Batch == Number ? Batch.Records[at.Index] : await _core.Log.RecordAsync(at, cancellation);

    /// <summary>The current version of a loaded document, with what this batch made of it; null when there is none.</summary>
    public async ValueTask<Document?> ReadAsync(DocumentKey key, CancellationToken cancellation)
    {
        if (Effects[key] is not { Current.Count: > 0 } head)
        {
            return null;
        }

        var versions = new List<Document>(head.Current.Count);
        foreach (var version in head.Current)
        {
            versions.Add(await ReadVersionAsync(version, cancellation));
        }

        return Siblings.Compose(versions);
    }

    /// <summary>A version of this batch or of a durable one.</summary>
    public async ValueTask<Document> ReadVersionAsync(Wire.DocumentVersion version, CancellationToken cancellation) =>
        _documents.GetValueOrDefault(WireModel.Read(version.Version)) ?? WireModel.Read(version, await _core.Log.BodyAsync(version, cancellation));

    /// <summary>The new head.</summary>
    public Wire.Head NextHead()
    {
        var head = Previous.Clone();
        (head.Batch, head.BatchId, head.LastIndex, head.Counter) = (Number, Batch.Id, Batch.Records.Count - 1, _counter);
        return head;
    }

    /// <summary>The batch's row, and the values that must be durable before it: bodies, and records when they are large.</summary>
    public (Wire.Batch Row, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> Values) Close()
    {
        var row = Batch.CalculateSize() <= InlineBytes ? Batch : MoveRecordsOut();
        return (row, _bodies.Close());
    }

    private Wire.Batch MoveRecordsOut()
    {
        var row = new Wire.Batch { Format = Batch.Format, Id = Batch.Id, Commits = { Batch.Commits }, Feed = Batch.Feed };
        var (part, bytes) = (new Wire.Records(), 0);
        foreach (var record in Batch.Records)
        {
            var size = record.CalculateSize();
            if (bytes + size > PartBytes && bytes > 0)
            {
                Flush(row, part);
                (part, bytes) = (new Wire.Records(), 0);
            }

            part.Records_.Add(record);
            bytes += size;
        }

        Flush(row, part);
        return row;
    }

    private void Flush(Wire.Batch row, Wire.Records part)
    {
        var key = _core.Keys.Part("records", Epoch, Number, _id, row.Manifest.Count);
        row.Manifest.Add(new Wire.ManifestPart { Key = key, Count = part.Records_.Count });
        _bodies.Add(key, part.ToByteArray());
    }
}
