using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Writing;
using Google.Protobuf;

namespace EdgeMesh.Replication.Feeds;

/// <summary>Gives everything as it is stored. Copies of other sites' documents go without body and key: those are never passed on, and
/// their owners give them again.</summary>
internal sealed class MirrorView(JournalCore core) : IFeedView
{
    public bool MayLackBodies => true;

    public async ValueTask<IReadOnlyList<FeedItem>[]> SelectAsync(IReadOnlyList<(Position At, Wire.Record Record)> records, CancellationToken cancellation)
    {
        var items = new IReadOnlyList<FeedItem>[records.Count];
        for (var i = 0; i < records.Count; i++)
        {
            var (at, record) = records[i];
            var item = Item(at, record);
            items[i] = [at.Index == 0 ? item with { Batch = await BatchAsync(at, cancellation) } : item];
        }

        return items;
    }

    private async ValueTask<Wire.FeedBatch> BatchAsync(Position at, CancellationToken cancellation)
    {
        var batch = await core.Log.ReadAsync(at.Epoch, at.Batch, cancellation);
        return new Wire.FeedBatch { Epoch = at.Epoch, Batch = at.Batch, Id = batch.Id, Commits = { batch.Commits }, Feed = batch.Feed };
    }

    private static FeedItem Item(Position at, Wire.Record record)
    {
        var isCopy = record.Kind == (int)RecordKind.Applied;
        var sent = record;
        if (isCopy)
        {
            sent = record.Clone();
            sent.WrappedKey = ByteString.Empty;
        }

        return new FeedItem(new Wire.FeedRecord { At = WireModel.Write(at), Record = sent }, isCopy ? null : record.Document);
    }
}
