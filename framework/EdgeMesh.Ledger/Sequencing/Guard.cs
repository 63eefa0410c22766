using System.Security.Cryptography;
using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>Works a staged batch out again from its bytes as they were read back, on another way than they were made, before its root is
/// signed: a bit that flipped in memory, in the code or in the store must never be signed.</summary>
internal static class Guard
{
    /// <exception cref="LedgerHaltedException">The bytes are not what was asked for.</exception>
    public static void Check(RightEdge before, IReadOnlyList<ReadOnlyMemory<byte>> entries, Stage stage, LogHash root)
    {
        var rows = stage.Rows.ToDictionary(r => r.Key, r => r.Value, StringComparer.Ordinal);
        var after = RightEdge.FromRow(LedgerKeys.Tail(stage.Size), Take(rows, LedgerKeys.Tail(stage.Size)));
        Require(after.Size == before.Size + entries.Count && stage.Size == after.Size, "the size");
        CheckEntries(before, after, entries, rows);
        CheckTiles(before, after, entries, rows);
        Require(after.Root() == root && stage.Root == root, "the root");
    }

    /// <summary>The old open piece and all new ones, joined, must be the old entries of that piece and the new ones.</summary>
    private static void CheckEntries(RightEdge before, RightEdge after, IReadOnlyList<ReadOnlyMemory<byte>> entries, Dictionary<string, ReadOnlyMemory<byte>> rows)
    {
        using var staged = new MemoryStream();
        for (var bundle = before.Bundle; bundle <= after.Bundle; bundle++)
        {
            var last = bundle < after.Bundle ? BundleRow.Read(Take(rows, LedgerKeys.Bundle(bundle))) : (after.ClosedPieces, EntryBundle.Write(after.Entries));
            for (var piece = bundle == before.Bundle ? before.ClosedPieces : 0; piece < last.Item1; piece++)
            {
                staged.Write(Take(rows, LedgerKeys.Piece(bundle, piece)).Span);
            }

            staged.Write(last.Item2.Span);
        }

        Require(staged.ToArray().AsSpan().SequenceEqual(EntryBundle.Write([.. before.Entries.Skip(before.OpenFrom), .. entries])), "the entries");
    }

    private static void CheckTiles(RightEdge before, RightEdge after, IReadOnlyList<ReadOnlyMemory<byte>> entries, Dictionary<string, ReadOnlyMemory<byte>> rows)
    {
        var added = entries.Select(e => new LogHash(SHA256.HashData([0, .. e.Span]))).ToList();
        for (var level = 0; level < after.Levels.Length; level++)
        {
            List<LogHash> hashes = [.. level < before.Levels.Length ? before.Levels[level] : [], .. added];
            var index = TileLayout.HashCount(before.Size, level) / TilePath.FullWidth;
            added = [];
            while (hashes.Count >= TilePath.FullWidth)
            {
                var full = hashes[..TilePath.FullWidth];
                Require(Take(rows, LedgerKeys.Tile(level, index)).Span.SequenceEqual(EdgeBuilder.TileBytes(full)), $"tile {index} of level {level}");
                added.Add(Pairwise(full));
                (hashes, index) = (hashes[TilePath.FullWidth..], index + 1);
            }

            Require(hashes.SequenceEqual(after.Levels[level]), $"the right edge of level {level}");
        }

        Require(added.Count == 0, "the number of levels");
    }

    /// <summary>The root of a full tile, level by level.</summary>
    private static LogHash Pairwise(List<LogHash> hashes)
    {
        while (hashes.Count > 1)
        {
            hashes = [.. hashes.Chunk(2).Select(pair => new LogHash(SHA256.HashData([1, .. pair[0].ToArray(), .. pair[1].ToArray()])))];
        }

        return hashes[0];
    }

    private static ReadOnlyMemory<byte> Take(Dictionary<string, ReadOnlyMemory<byte>> rows, string key)
    {
        Require(rows.TryGetValue(key, out var value), key);
        return value;
    }

    private static void Require(bool holds, string what)
    {
        if (!holds)
        {
            throw new LedgerHaltedException($"A batch was not signed: worked out again from what was stored, {what} differs. Suspect memory or disk of this machine.");
        }
    }
}
