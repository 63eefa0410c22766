namespace EdgeMesh.Ledger;

/// <summary>Checks that an entry is in a tree, by the loop of RFC 9162, section 2.1.3.2.</summary>
public static class InclusionProof
{
    /// <summary>Whether the hashes lead from the leaf to the root.</summary>
    public static bool Verify(LogHash leaf, long index, long size, IReadOnlyList<LogHash> proof, LogHash root)
    {
        if (index < 0 || index >= size)
        {
            return false;
        }

        var (fn, sn, hash) = (index, size - 1, leaf);
        foreach (var sibling in proof)
        {
            if (sn == 0)
            {
                return false;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                hash = TreeHash.Node(sibling, hash);
                while ((fn & 1) == 0 && fn != 0)
                {
                    (fn, sn) = (fn >> 1, sn >> 1);
                }
            }
            else
            {
                hash = TreeHash.Node(hash, sibling);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 && hash == root;
    }
}
