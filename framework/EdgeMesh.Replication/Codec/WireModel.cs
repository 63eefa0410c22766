using System.Collections.Immutable;
using Google.Protobuf;

namespace EdgeMesh.Replication.Codec;

/// <summary>Between the model and its protobuf form.</summary>
internal static class WireModel
{
    /// <summary>The version of every stored and sent form here.</summary>
    public const uint Current = 1;

    public static Wire.At Write(Position at) => new() { Epoch = at.Epoch, Batch = at.Batch, Index = at.Index };

    public static Position Read(Wire.At? at) => at is null ? Position.Start : new Position(at.Epoch, at.Batch, at.Index);

    public static Wire.DocumentKey Write(DocumentKey key) => new() { Collection = key.Collection, Id = key.Id };

    public static DocumentKey Read(Wire.DocumentKey key) => new(key.Collection, key.Id);

    public static Wire.Version Write(VersionId version) => new() { Site = version.Site, At = Write(version.At) };

    public static VersionId Read(Wire.Version version) => new(version.Site, Read(version.At));

    public static IEnumerable<Wire.VectorEntry> Write(VersionVector vector) =>
        vector.Entries.Select(e => new Wire.VectorEntry { Site = e.Site, Epoch = e.Epoch, Counter = e.Counter });

    public static VersionVector Vector(Wire.DocumentVersion version) =>
        VersionVector.Of(version.Vector.Select(e => new VectorEntry(e.Site, e.Epoch, e.Counter)));

    /// <summary>Without its body: who stores it knows where that is.</summary>
    public static Wire.DocumentVersion Write(Document document) => new()
    {
        Key = Write(document.Key),
        Version = Write(document.Version),
        Vector = { Write(document.Vector) },
        RecordedMs = document.RecordedAt.ToUnixTimeMilliseconds(),
        Labels = { document.Labels },
        Deleted = document.Deleted,
        OwnerSite = document.OwnerSite,
        HeldUnder = document.HeldUnder ?? "",
    };

    /// <summary>Reads a version; null for <paramref name="body"/> says that a body which belongs to it was not found.</summary>
    public static Document Read(Wire.DocumentVersion version, ReadOnlyMemory<byte>? body) => new()
    {
        Key = Read(version.Key),
        Version = Read(version.Version),
        Vector = Vector(version),
        RecordedAt = DateTimeOffset.FromUnixTimeMilliseconds(version.RecordedMs),
        Body = body ?? default,
        BodyMissing = body is null,
        Labels = [.. version.Labels],
        Deleted = version.Deleted,
        OwnerSite = version.OwnerSite,
        HeldUnder = version.HeldUnder.Length == 0 ? null : version.HeldUnder,
    };

    public static Wire.Holder Write(Holder holder) => new()
    {
        Peer = holder.Peer,
        ConsentVersion = holder.ConsentVersion,
        WrappedKey = UnsafeByteOperations.UnsafeWrap(holder.WrappedKey),
    };

    public static Wire.SharedDocument Write(SharedDocument document) => new()
    {
        Key = Write(document.Key),
        Version = document.Version is { } version ? Write(version) : null,
        WrappedKey = UnsafeByteOperations.UnsafeWrap(document.WrappedKey),
    };

    public static JournalRecord Read(Wire.Record record, Position at, ReadOnlyMemory<byte>? body) => new()
    {
        At = at,
        RecordedAt = DateTimeOffset.FromUnixTimeMilliseconds(record.RecordedMs),
        Kind = (RecordKind)record.Kind,
        Trace = RecordTrace.Read(record.Trace),
        Document = record.Document is { } document ? Read(document, body) : null,
        Holders = [.. record.Holders.Select(h => new Holder(h.Peer, h.ConsentVersion, h.WrappedKey.Memory))],
        WrappedKey = record.WrappedKey.Memory,
        Event = record.Event.Memory,
        Share = record.Share is { } share ? Read(share) : null,
        WithdrawnKey = record.Withdrawal is { } withdrawal ? Read(withdrawal.Key) : null,
    };

    /// <summary>Whether this version of the software knows what the record says.</summary>
    public static bool IsKnown(Wire.Record record) => record.Kind is >= (int)RecordKind.Changed and <= (int)RecordKind.Withdrawn;

    private static ShareChange Read(Wire.ShareChange change) => new()
    {
        Peer = change.Peer,
        ConsentVersion = change.ConsentVersion,
        Granted = [.. change.Granted.Select(g => new SharedDocument(Read(g.Key), g.Version is null ? null : Read(g.Version), g.WrappedKey.Memory))],
        Withdrawn = [.. change.Withdrawn.Select(Read)],
    };
}
