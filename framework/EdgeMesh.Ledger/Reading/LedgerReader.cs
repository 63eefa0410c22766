using EdgeMesh.Ledger.Reading;
using EdgeMesh.Ledger.Sequencing;
using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger;

/// <summary>The public side of a ledger: what its last checkpoint covers, and nothing newer.</summary>
public sealed class LedgerReader(ILedgerStore store, Sequencer sequencer, Cosignatures? cosignatures = null) : ILogSource
{
    // A bare null in a conditional would become empty bytes: arrays, and so null, convert to memory.
    private static ReadOnlyMemory<byte>? Nothing => null;

    /// <summary>Whether there is anything to serve yet.</summary>
    public bool IsLoaded => sequencer.Published is not null;

    /// <summary>How many entries the published checkpoint covers.</summary>
    public long Size => sequencer.Published?.Edge.Size ?? 0;

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellation) =>
        sequencer.Published is not { } log ? Nothing
        : path == LogFiles.Checkpoint ? cosignatures?.On(log.Note) ?? log.Note
        : path == LogFiles.Cosigned ? cosignatures?.Newest?.ToBytes() ?? Nothing
        : TilePath.TryParse(path, out var tile) ? await ReadAsync(log.Edge, tile.Value, cancellation)
        : Nothing;

    /// <summary>The proof that an entry is in the log; null when it is not in yet.</summary>
    /// <exception cref="InvalidDataException">The tiles do not prove it: they are damaged.</exception>
    public async ValueTask<TlogProof?> ProveAsync(long index, CancellationToken cancellation)
    {
        if (sequencer.Published is not { } log || index < 0 || index >= log.Edge.Size)
        {
            return null;
        }

        var tree = new TreeReader(new Snapshot(this, log.Edge), log.Edge.Size);
        var hashes = await tree.InclusionAsync(index, cancellation);
        var leaf = await tree.RangeAsync(index, index + 1, cancellation);
        return SignedNote.TryParse((cosignatures?.On(log.Note) ?? log.Note).Span, out var note) && InclusionProof.Verify(leaf, index, log.Edge.Size, hashes, log.Edge.Root())
            ? new TlogProof(index, hashes, note)
            : throw new InvalidDataException($"The ledger's tiles do not prove entry {index}: they are damaged. `edgemesh ledger verify` names the tile.");
    }

    /// <summary>What a witness is asked to cosign that knew a log of this size; null: there is nothing newer, or less than that.</summary>
    /// <exception cref="InvalidDataException">The tiles do not prove that the log grew: they are damaged.</exception>
    public async ValueTask<AddCheckpoint?> GrowthAsync(long oldSize, CancellationToken cancellation)
    {
        if (sequencer.Published is not { } log || log.Edge.Size <= oldSize || !SignedNote.TryParse(log.Note.Span, out var note))
        {
            return null;
        }

        return new AddCheckpoint(oldSize, oldSize == 0 ? [] : await new TreeReader(new Snapshot(this, log.Edge), log.Edge.Size).ConsistencyAsync(oldSize, cancellation), note);
    }

    /// <summary>Whether a checkpoint that the log signed is of the tree that it has now, as it was then.</summary>
    /// <exception cref="InvalidDataException">The tiles do not say: they are damaged.</exception>
    public async ValueTask<bool> BeginsWithAsync(Checkpoint checkpoint, CancellationToken cancellation)
    {
        if (sequencer.Published is not { } log || log.Edge.Size < checkpoint.Size)
        {
            return false;
        }

        return checkpoint.Size == 0
            ? checkpoint.Root == TreeHash.Empty
            : checkpoint.Root == await new TreeReader(new Snapshot(this, log.Edge), log.Edge.Size).RangeAsync(0, checkpoint.Size, cancellation);
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(RightEdge edge, TilePath path, CancellationToken cancellation)
    {
        var width = TileLayout.Width(edge.Size, path.Level, path.Index);
        if (path.Width > width)
        {
            return null;
        }

        return path.IsEntries
            ? await ReadEntriesAsync(edge, path, width == TilePath.FullWidth, cancellation)
            : await ReadTileAsync(edge, path, width == TilePath.FullWidth, cancellation);
    }

    /// <summary>A partial tile is the beginning of the full one.</summary>
    private async ValueTask<ReadOnlyMemory<byte>?> ReadTileAsync(RightEdge edge, TilePath path, bool full, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte>? tile = full ? await store.ReadBodyAsync(LedgerKeys.Tile(path.Level, path.Index), cancellation) : EdgeBuilder.TileBytes(edge.Levels[path.Level]).AsMemory();
        return tile is { } bytes ? bytes[..Math.Min(bytes.Length, path.Width * LogHash.Length)] : Nothing;
    }

    private async ValueTask<ReadOnlyMemory<byte>?> ReadEntriesAsync(RightEdge edge, TilePath path, bool full, CancellationToken cancellation)
    {
        if (!full)
        {
            return EntryBundle.Write(edge.Entries.Take(path.Width));
        }

        if (await store.ReadBodyAsync(LedgerKeys.Bundle(path.Index), cancellation) is not { } row)
        {
            return null;
        }

        var (pieces, last) = BundleRow.Read(row);
        if (await BundleRow.JoinAsync(store, path.Index, pieces, last, cancellation) is not { } bundle)
        {
            return null;
        }

        // What can't be read as entries is served as it is: the one who verifies shall see it.
        return path.Width < TilePath.FullWidth && EntryBundle.TryRead(bundle) is { } entries
            ? EntryBundle.Write(entries.Take(path.Width))
            : bundle;
    }

    /// <summary>A proof is made of one tree, however the log grows meanwhile.</summary>
    private sealed class Snapshot(LedgerReader reader, RightEdge edge) : ILogSource
    {
        public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellation) =>
            TilePath.TryParse(path, out var tile) ? await reader.ReadAsync(edge, tile.Value, cancellation) : Nothing;
    }
}
