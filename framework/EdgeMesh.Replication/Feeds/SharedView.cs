using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Writing;
using Google.Protobuf;

namespace EdgeMesh.Replication.Feeds;

/// <summary>Gives what a peer may hold: by what the record says, and by the latest share state, so that what was withdrawn later is not
/// sent for what an older record says. A withdrawal is always sent.</summary>
internal sealed class SharedView(JournalCore core, string peer) : IFeedView
{
    public bool MayLackBodies => false;

    public async ValueTask<IReadOnlyList<FeedItem>[]> SelectAsync(IReadOnlyList<(Position At, Wire.Record Record)> records, CancellationToken cancellation)
    {
        var heads = await HeadsAsync(records.SelectMany(r => Candidates(r.Record)), cancellation);
        var items = new IReadOnlyList<FeedItem>[records.Count];
        for (var i = 0; i < records.Count; i++)
        {
            var (at, record) = records[i];
            items[i] = (RecordKind)record.Kind switch
            {
                RecordKind.Changed => Changed(at, record, heads),
                RecordKind.Shared when record.Share.Peer == peer => await SharedAsync(at, record, heads, cancellation),
                _ => [],
            };
        }

        return items;
    }

    private IEnumerable<Wire.DocumentKey> Candidates(Wire.Record record)
    {
        if (record.Document is not null && record.Holders.Any(h => h.Peer == peer))
        {
            yield return record.Document.Key;
        }

        foreach (var grant in record.Share?.Peer == peer ? record.Share.Granted : [])
        {
            yield return grant.Key;
        }
    }

    private async ValueTask<Dictionary<DocumentKey, Wire.DocumentHead?>> HeadsAsync(IEnumerable<Wire.DocumentKey> candidates, CancellationToken cancellation)
    {
        var keys = candidates.Select(WireModel.Read).Distinct().ToArray();
        var heads = await core.Rows.FindManyAsync([.. keys.Select(core.Keys.Document)], Wire.DocumentHead.Parser, cancellation);
        return keys.Zip(heads).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    private IReadOnlyList<FeedItem> Changed(Position at, Wire.Record record, Dictionary<DocumentKey, Wire.DocumentHead?> heads) =>
        record.Holders.FirstOrDefault(h => h.Peer == peer) is { } holder
            && DocumentState.IsHeldSince(heads[WireModel.Read(record.Document.Key)], peer, at)
            ? [Item(at, record, record.Document, holder.ConsentVersion, holder.WrappedKey)]
            : [];

    private async ValueTask<IReadOnlyList<FeedItem>> SharedAsync(
        Position at, Wire.Record record, Dictionary<DocumentKey, Wire.DocumentHead?> heads, CancellationToken cancellation)
    {
        var (share, items) = (record.Share, new List<FeedItem>());
        if (share.Withdrawn.Count > 0)
        {
            var withdrawal = new Wire.FeedRecord { At = WireModel.Write(at), ConsentVersion = share.ConsentVersion, Withdraw = { share.Withdrawn } };
            items.Add(new FeedItem(withdrawal, null));
        }

        foreach (var grant in share.Granted)
        {
            var head = heads[WireModel.Read(grant.Key)];
            if (DocumentState.IsHeldSince(head, peer, at) && await VersionAsync(grant, head!, cancellation) is { } version)
            {
                items.Add(Item(at, record, version, share.ConsentVersion, grant.WrappedKey));
            }
            else
            {
                items.Add(FeedItem.Filtered);
            }
        }

        return items;
    }

    /// <summary>The version that was granted: current still, or in the document's history here.</summary>
    private async ValueTask<Wire.DocumentVersion?> VersionAsync(Wire.SharedDocument grant, Wire.DocumentHead head, CancellationToken cancellation)
    {
        if (head.Current.FirstOrDefault(v => v.Version.Equals(grant.Version)) is { } current)
        {
            return current;
        }

        for (var next = head.Last; next is not null;)
        {
            var record = await core.Log.RecordAsync(WireModel.Read(next), cancellation);
            if (record?.Document?.Version.Equals(grant.Version) == true)
            {
                return record.Document;
            }

            next = record?.Previous;
        }

        return null;
    }

    private static FeedItem Item(Position at, Wire.Record of, Wire.DocumentVersion version, string consentVersion, ByteString wrappedKey)
    {
        var sent = version.Clone();
        (sent.Body, sent.HeldUnder) = (null, "");
        var record = new Wire.Record
        {
            Kind = (int)RecordKind.Changed, RecordedMs = of.RecordedMs, Document = sent, WrappedKey = wrappedKey, MustUnderstand = true, Trace = of.Trace,
        };
        return new FeedItem(new Wire.FeedRecord { At = WireModel.Write(at), Record = record, ConsentVersion = consentVersion }, version);
    }
}
