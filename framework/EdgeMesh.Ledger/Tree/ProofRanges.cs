namespace EdgeMesh.Ledger.Tree;

/// <summary>Which subtrees a proof is made of (RFC 6962, section 2.1), each as the range of entries that it covers, from leaf to root.</summary>
internal static class ProofRanges
{
    public static IReadOnlyList<(long Start, long End)> Inclusion(long index, long size)
    {
        var ranges = new List<(long, long)>();
        var (start, end) = (0L, size);
        while (end - start > 1)
        {
            var middle = start + TreeHash.LargestPowerBelow(end - start);
            ranges.Add(index < middle ? (middle, end) : (start, middle));
            (start, end) = index < middle ? (start, middle) : (middle, end);
        }

        ranges.Reverse();
        return ranges;
    }

    public static IReadOnlyList<(long Start, long End)> Consistency(long oldSize, long newSize)
    {
        var ranges = new List<(long, long)>();
        var (start, end) = (0L, newSize);
        while (oldSize != end)
        {
            var middle = start + TreeHash.LargestPowerBelow(end - start);
            ranges.Add(oldSize <= middle ? (middle, end) : (start, middle));
            (start, end) = oldSize <= middle ? (start, middle) : (middle, end);
        }

        // What is left ends where the old tree ends. If it is the whole old tree, the verifier knows its root.
        if (start != 0)
        {
            ranges.Add((start, end));
        }

        ranges.Reverse();
        return ranges;
    }

    /// <summary>Splits a range of a proof into complete subtrees: of 2^level entries, at the index-th place of that level.</summary>
    public static IEnumerable<(int Level, long Index)> Complete(long start, long end)
    {
        while (start < end)
        {
            var room = 63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(end - start));
            var level = start == 0 ? room : Math.Min(room, System.Numerics.BitOperations.TrailingZeroCount(start));
            yield return (level, start >> level);
            start += 1L << level;
        }
    }
}
