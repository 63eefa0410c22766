using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Who reads a feed, and how much of it they get.</summary>
public enum FeedMode
{
    /// <summary>Only what the peer may hold.</summary>
    Shared,

    /// <summary>Everything, for the site that keeps verbatim copies.</summary>
    Mirror,
}

/// <summary>Cuts pages of a journal for a peer. Emits only what originated here.</summary>
internal sealed class FeedServer(Journal journal)
{
    private const int PageBytes = 900 * 1024;
    private const int RecordsPerRead = 256;

    public async ValueTask<Wire.FeedPage> ReadAsync(string peer, FeedMode mode, Position after, CancellationToken cancellation)
    {
        var page = new Wire.FeedPage { Format = Codec.Format, UpTo = after.ToString() };
        var bytes = 0;
        while (bytes < PageBytes)
        {
            var (records, next) = await journal.ReadWireAsync(Codec.ReadPosition(page.UpTo), RecordsPerRead, cancellation);
            if (records.Count == 0)
            {
                page.AtHead = true;
                return page;
            }

            foreach (var (at, record) in records)
            {
                foreach (var emitted in mode == FeedMode.Mirror ? [await WholeAsync(record, cancellation)] : await SharedAsync(record, peer, cancellation))
                {
                    page.Records.Add(new Wire.FeedRecord { At = at.ToString(), Record = emitted });
                    bytes += emitted.CalculateSize();
                }

                page.UpTo = at.ToString();
                if (bytes >= PageBytes)
                {
                    return page;
                }
            }
        }

        return page;
    }

    private async ValueTask<Wire.Record> WholeAsync(Wire.Record record, CancellationToken cancellation)
    {
        if (record.Document is not { BodyKey.Length: > 0 })
        {
            return record;
        }

        var whole = record.Clone();
        whole.Document = await InlineAsync(record.Document, cancellation);
        return whole;
    }

    private async ValueTask<IReadOnlyList<Wire.Record>> SharedAsync(Wire.Record record, string peer, CancellationToken cancellation)
    {
        switch ((RecordKind)record.Kind)
        {
            case RecordKind.Changed when record.Holders.Any(h => h.Peer == peer):
                return await VersionAsync(record.Document, peer, record.RecordedMs, cancellation);
            case RecordKind.Shared when record.Share.Peer == peer:
                return await ShareAsync(record, peer, cancellation);
            default:
                return [];
        }
    }

    /// <summary>A version, if the peer may hold the document now: what was withdrawn later is not sent for what an older record says.</summary>
    private async ValueTask<IReadOnlyList<Wire.Record>> VersionAsync(Wire.DocumentVersion version, string peer, long recordedMs, CancellationToken cancellation)
    {
        var head = await journal.HeadAsync(Codec.FromWire(version.Key), cancellation);
        if (head?.Holders.FirstOrDefault(h => h.Peer == peer) is not { } holder)
        {
            return [];
        }

        var document = await InlineAsync(version, cancellation);
        document.HeldUnder = holder.ConsentVersion;
        return [new Wire.Record { Kind = (int)RecordKind.Changed, RecordedMs = recordedMs, Document = document, WrappedKey = holder.WrappedKey }];
    }

    private async ValueTask<IReadOnlyList<Wire.Record>> ShareAsync(Wire.Record record, string peer, CancellationToken cancellation)
    {
        var emitted = new List<Wire.Record>();
        if (record.Share.Withdrawn.Count > 0)
        {
            var share = new Wire.ShareChange { Peer = peer, ConsentVersion = record.Share.ConsentVersion, Withdrawn = { record.Share.Withdrawn } };
            emitted.Add(new Wire.Record { Kind = (int)RecordKind.Shared, RecordedMs = record.RecordedMs, Share = share });
        }

        foreach (var granted in record.Share.Granted)
        {
            if (await journal.HeadAsync(Codec.FromWire(granted.Key), cancellation) is { Current.Count: > 0 } head)
            {
                emitted.AddRange(await VersionAsync(head.Current[0], peer, record.RecordedMs, cancellation));
            }
        }

        return emitted;
    }

    private async ValueTask<Wire.DocumentVersion> InlineAsync(Wire.DocumentVersion version, CancellationToken cancellation)
    {
        var whole = version.Clone();
        whole.Body = UnsafeByteOperations.UnsafeWrap(await journal.BodyAsync(version, cancellation));
        whole.BodyKey = "";
        return whole;
    }
}
