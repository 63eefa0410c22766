using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>Makes one batch durable and public. After a crash anywhere, <see cref="LogLoader"/> finds either the old head, and what was
/// staged is garbage; or the new one, and it applies the stage by the same <see cref="ApplyAsync"/>.</summary>
internal sealed class Committer(LedgerKey key, ILedgerStore store)
{
    /// <exception cref="LedgerFencedException">Another sequencer moved the head.</exception>
    /// <exception cref="LedgerHaltedException">Something must never be.</exception>
    public async Task<LogState> CommitAsync(LogState before, IReadOnlyList<ReadOnlyMemory<byte>> entries, Producers producers, DateTimeOffset now, CancellationToken cancellation)
    {
        var (tree, builder) = (before.Tree.Copy(), new EdgeBuilder(before.Edge));
        foreach (var entry in entries)
        {
            var leaf = TreeHash.Leaf(entry.Span);
            tree.Append(leaf);
            builder.Append(entry, leaf);
        }

        var (edge, rows) = builder.Build();
        var stage = await StageAsync(new Stage(tree.Size, tree.Root(), rows), cancellation);
        Guard.Check(before.Edge, entries, stage, tree.Root());

        var checkpoint = new Checkpoint(key.Name, tree.Size, tree.Root());
        var head = new Head(checkpoint, checkpoint.Sign(key).ToBytes(), now, before.Head.Epoch, producers);
        var etag = await SwapAsync(head, before.ETag, cancellation);
        await ApplyAsync(stage, cancellation);
        await PublishAsync(head, cancellation);
        return new LogState(head, etag, edge, tree);
    }

    /// <summary>Moves the head. After any doubt the head itself is asked whether it moved.</summary>
    /// <returns>The head's new ETag.</returns>
    public async Task<string> SwapAsync(Head head, string? expected, CancellationToken cancellation)
    {
        var bytes = head.ToBytes();
        Exception? doubt = null;
        try
        {
            await store.WriteAsync(LedgerKeys.Head, bytes, expected, cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            doubt = error;
        }

        var found = await store.ReadAsync(LedgerKeys.Head, cancellation);
        if (found is { } row && row.Value.Span.SequenceEqual(bytes))
        {
            return row.ETag;
        }

        // An unchanged head after an error: nothing was done, as far as can be seen. Loading anew moves the head, so that a write
        // which is still on its way comes too late.
        throw found?.ETag == expected && doubt is not null ? doubt : new LedgerFencedException();
    }

    /// <summary>Writes what a stage holds. Doing it again changes nothing.</summary>
    public async Task ApplyAsync(Stage stage, CancellationToken cancellation) =>
        await Task.WhenAll(stage.Rows.Select(row => WriteAsync(row, cancellation)));

    /// <summary>Makes the head's checkpoint public. What it covers is durable by then.</summary>
    public async Task PublishAsync(Head head, CancellationToken cancellation)
    {
        var checkpoint = WriteAsync(new StagedRow(LedgerKeys.Checkpoint(head.Size), Immutable: true, head.Note), cancellation);
        await Task.WhenAll(checkpoint, store.WriteBodyAsync(LedgerKeys.Published, head.Note, cancellation).AsTask());
    }

    /// <summary>Removes what a later commit made superfluous. What a crash leaves of it is never read.</summary>
    public async Task CleanAsync(LogState before, LogState after, CancellationToken cancellation)
    {
        var stage = store.DeleteAsync(LedgerKeys.Stage(after.Head.Size, after.Head.Checkpoint.Root), cancellation).AsTask();
        await Task.WhenAll(stage, store.DeleteBodyAsync(LedgerKeys.Tail(before.Head.Size), cancellation).AsTask());
    }

    /// <returns>The stage as it was read back.</returns>
    private async Task<Stage> StageAsync(Stage stage, CancellationToken cancellation)
    {
        // There may be one already: the same entries, staged before a failure. Its bytes are checked like any.
        await store.WriteAsync(stage.Key, stage.ToBytes(), null, cancellation);
        return await store.ReadAsync(stage.Key, cancellation) is { } row
            ? Stage.FromBytes(stage.Key, row.Value)
            : throw new LedgerHaltedException($"The row '{stage.Key}' was written and is not there: the store behind 'heads' loses writes.");
    }

    private async Task WriteAsync(StagedRow row, CancellationToken cancellation)
    {
        if (row.Immutable && await store.ReadBodyAsync(row.Key, cancellation) is { } there)
        {
            if (!there.Span.SequenceEqual(row.Value.Span))
            {
                throw new LedgerHaltedException($"The body '{row.Key}' exists and differs from what the log says: the store was altered, or this log has forked. Keep both for evidence.");
            }

            return;
        }

        await store.WriteBodyAsync(row.Key, row.Value, cancellation);
    }
}
