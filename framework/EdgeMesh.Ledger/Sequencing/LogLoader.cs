using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>Takes a log over: fences whoever had it, finishes the batch that a crash left, and believes nothing that the signed root
/// does not prove.</summary>
internal sealed class LogLoader(LedgerKey key, ILedgerStore store, Committer committer)
{
    /// <exception cref="LedgerHaltedException">The log is not what it was signed to be.</exception>
    public async Task<LogState> LoadAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var row = await store.ReadAsync(LedgerKeys.Head, cancellation);
        var found = row is { } known ? Head.FromBytes(known.Value, key.VerifierKey) : First(now);
        await CheckPublishedAsync(found, cancellation);

        var head = found with { Epoch = found.Epoch + 1 };
        var etag = await committer.SwapAsync(head, row?.ETag, cancellation);
        var stageKey = LedgerKeys.Stage(head.Size, head.Checkpoint.Root);
        if (await store.ReadAsync(stageKey, cancellation) is { } staged)
        {
            await committer.ApplyAsync(Stage.FromBytes(stageKey, staged.Value), cancellation);
        }

        var edge = await LoadEdgeAsync(head, cancellation);
        await committer.PublishAsync(head, cancellation);
        await store.DeleteAsync(stageKey, cancellation);
        return new LogState(head, etag, edge, edge.ToTree());
    }

    private Head First(DateTimeOffset now)
    {
        var checkpoint = new Checkpoint(key.Name, 0, TreeHash.Empty);
        return new Head(checkpoint, checkpoint.Sign(key).ToBytes(), now, 0, Producers.None);
    }

    private async Task CheckPublishedAsync(Head head, CancellationToken cancellation)
    {
        if (await store.ReadBodyAsync(LedgerKeys.Published, cancellation) is not { } note)
        {
            return;
        }

        if (!Checkpoint.TryOpen(note.Span, key.VerifierKey, out var published))
        {
            throw new LedgerHaltedException("The published checkpoint is damaged, or signed by another key. Restore the body 'published'.");
        }

        if (published.Size > head.Size || (published.Size == head.Size && published.Root != head.Checkpoint.Root))
        {
            throw new LedgerHaltedException($"The published checkpoint ({published.Size} entries) is not the head's past (head: {head.Size} entries): the store behind 'heads' is an old copy. Restore the newer one; to sign again would fork the log.");
        }
    }

    private async Task<RightEdge> LoadEdgeAsync(Head head, CancellationToken cancellation)
    {
        if (head.Size == 0)
        {
            return RightEdge.Empty;
        }

        var tailKey = LedgerKeys.Tail(head.Size);
        var row = await store.ReadBodyAsync(tailKey, cancellation)
            ?? throw new LedgerHaltedException($"The right edge '{tailKey}' is missing: one of the stores behind 'heads' and 'bodies' is an old copy. Restore both of one time.");
        var edge = RightEdge.FromRow(tailKey, row);
        var pieces = await BundleRow.JoinAsync(store, edge.Bundle, edge.ClosedPieces, default, cancellation) is { } bytes ? EntryBundle.TryRead(bytes) : null;
        edge = edge with { Entries = [.. pieces ?? [], .. edge.Entries] };
        return edge.Size == head.Size && pieces?.Count == edge.OpenFrom && edge.Root() == head.Checkpoint.Root && edge.EntriesHold()
            ? edge
            : throw new LedgerHaltedException($"The right edge '{tailKey}' does not give the root that was signed: the store behind 'bodies' was altered. Restore it.");
    }
}
