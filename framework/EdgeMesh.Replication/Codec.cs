using System.Collections.Immutable;
using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Between the model and its protobuf form.</summary>
internal static class Codec
{
    public const uint Format = 1;

    public static Wire.DocumentKey ToWire(DocumentKey key) => new() { Collection = key.Collection, Id = key.Id };

    public static DocumentKey FromWire(Wire.DocumentKey key) => new(key.Collection, key.Id);

    public static Wire.Vector ToWire(VersionVector vector) =>
        new() { Entries = { vector.Entries.Select(e => new Wire.VectorEntry { Site = e.Site, Epoch = e.Epoch, Counter = e.Counter }) } };

    public static VersionVector FromWire(Wire.Vector? vector) =>
        vector is null ? VersionVector.Empty : VersionVector.Of(vector.Entries.Select(e => (e.Site, e.Epoch, e.Counter)));

    /// <summary>Without its body: who stores it knows where that is.</summary>
    public static Wire.DocumentVersion ToWire(Document document) => new()
    {
        Key = ToWire(document.Key),
        Version = document.Version.ToString(),
        Vector = ToWire(document.Vector),
        RecordedMs = document.RecordedAt.ToUnixTimeMilliseconds(),
        Labels = { document.Labels },
        Deleted = document.Deleted,
        OwnerSite = document.OwnerSite,
        HeldUnder = document.HeldUnder ?? "",
    };

    public static Document FromWire(Wire.DocumentVersion version, ReadOnlyMemory<byte> body) => new()
    {
        Key = FromWire(version.Key),
        Version = Version(version.Version),
        Vector = FromWire(version.Vector),
        RecordedAt = DateTimeOffset.FromUnixTimeMilliseconds(version.RecordedMs),
        Body = body,
        Labels = [.. version.Labels],
        Deleted = version.Deleted,
        OwnerSite = version.OwnerSite,
        HeldUnder = version.HeldUnder.Length == 0 ? null : version.HeldUnder,
    };

    public static Wire.Holder ToWire(Holder holder) =>
        new() { Peer = holder.Peer, ConsentVersion = holder.ConsentVersion, WrappedKey = UnsafeByteOperations.UnsafeWrap(holder.WrappedKey) };

    public static Holder FromWire(Wire.Holder holder) => new(holder.Peer, holder.ConsentVersion, holder.WrappedKey.Memory);

    public static Wire.ShareChange ToWire(ShareChange change) => new()
    {
        Peer = change.Peer,
        ConsentVersion = change.ConsentVersion,
        Granted =
        {
            change.Granted.Select(g => new Wire.SharedDocument
            {
                Key = ToWire(g.Key),
                Version = g.Version?.ToString() ?? "",
                WrappedKey = UnsafeByteOperations.UnsafeWrap(g.WrappedKey),
            }),
        },
        Withdrawn = { change.Withdrawn.Select(ToWire) },
    };

    public static ShareChange FromWire(Wire.ShareChange change) => new()
    {
        Peer = change.Peer,
        ConsentVersion = change.ConsentVersion,
        Granted = [.. change.Granted.Select(g => new SharedDocument(FromWire(g.Key), g.Version.Length == 0 ? null : Version(g.Version), g.WrappedKey.Memory))],
        Withdrawn = [.. change.Withdrawn.Select(FromWire)],
    };

    public static JournalRecord FromWire(Wire.Record record, Position at, ReadOnlyMemory<byte> body) => new()
    {
        At = at,
        RecordedAt = DateTimeOffset.FromUnixTimeMilliseconds(record.RecordedMs),
        Kind = (RecordKind)record.Kind,
        Document = record.Document is { } document ? FromWire(document, body) : null,
        Holders = [.. record.Holders.Select(FromWire)],
        WrappedKey = record.WrappedKey.Memory,
        Event = record.Event.Memory,
        Share = record.Share is { } share ? FromWire(share) : null,
        WithdrawnKey = record.Withdrawn is { } key ? FromWire(key) : null,
    };

    public static Position ReadPosition(string text) =>
        Position.TryParse(text, out var position) ? position : throw new InvalidDataException($"'{text}' is no journal position.");

    private static VersionId Version(string text) =>
        VersionId.TryParse(text, out var version) ? version : throw new InvalidDataException($"'{text}' is no version id.");
}
