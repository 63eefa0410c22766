namespace EdgeMesh.Replication.Feeds;

/// <summary>What a feed makes of records.</summary>
internal interface IFeedView
{
    /// <summary>Whether a body that is gone is left out, because the reader keeps what there is.</summary>
    bool MayLackBodies { get; }

    /// <summary>For each record what is sent of it, in order; nothing for what is filtered.</summary>
    ValueTask<IReadOnlyList<FeedItem>[]> SelectAsync(IReadOnlyList<(Position At, Wire.Record Record)> records, CancellationToken cancellation);
}

/// <summary>One record of a page, and the version whose body it will carry.</summary>
internal sealed record FeedItem(Wire.FeedRecord? Record, Wire.DocumentVersion? Body)
{
    /// <summary>What belongs to the whole batch that begins with the record; null: nothing.</summary>
    public Wire.FeedBatch? Batch { get; init; }

    /// <summary>Counts, so that a cursor inside a record means the same whenever it is read, and is not sent.</summary>
    public static readonly FeedItem Filtered = new(null, null);
}
