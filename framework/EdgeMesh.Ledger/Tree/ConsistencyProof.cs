using System.Numerics;

namespace EdgeMesh.Ledger;

/// <summary>Checks that a tree is another one grown, by the loop of RFC 9162, section 2.1.4.2.</summary>
public static class ConsistencyProof
{
    /// <summary>The most hashes that a proof can have.</summary>
    public const int MaxLength = 63;

    /// <summary>Whether the new tree begins with all of the old one. From size 0 nothing can be proven: false.</summary>
    public static bool Verify(long oldSize, LogHash oldRoot, long newSize, LogHash newRoot, IReadOnlyList<LogHash> proof)
    {
        if (oldSize <= 0 || oldSize > newSize)
        {
            return false;
        }

        if (oldSize == newSize)
        {
            return proof.Count == 0 && oldRoot == newRoot;
        }

        IEnumerable<LogHash> path = BitOperations.IsPow2(oldSize) ? proof.Prepend(oldRoot) : proof;
        return proof.Count > 0 && Walk(oldSize - 1, newSize - 1, path) is var (oldHash, newHash) && oldHash == oldRoot && newHash == newRoot;
    }

    private static (LogHash Old, LogHash New)? Walk(long fn, long sn, IEnumerable<LogHash> path)
    {
        while ((fn & 1) == 1)
        {
            (fn, sn) = (fn >> 1, sn >> 1);
        }

        var (oldHash, newHash) = (path.First(), path.First());
        foreach (var hash in path.Skip(1))
        {
            if (sn == 0)
            {
                return null;
            }

            if ((fn & 1) == 1 || fn == sn)
            {
                (oldHash, newHash) = (TreeHash.Node(hash, oldHash), TreeHash.Node(hash, newHash));
                while ((fn & 1) == 0 && fn != 0)
                {
                    (fn, sn) = (fn >> 1, sn >> 1);
                }
            }
            else
            {
                newHash = TreeHash.Node(newHash, hash);
            }

            (fn, sn) = (fn >> 1, sn >> 1);
        }

        return sn == 0 ? (oldHash, newHash) : null;
    }
}
