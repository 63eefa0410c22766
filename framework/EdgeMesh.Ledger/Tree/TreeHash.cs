using System.Security.Cryptography;

namespace EdgeMesh.Ledger;

/// <summary>The hashes of RFC 6962: leaf = SHA-256(00 ‖ entry), node = SHA-256(01 ‖ left ‖ right).</summary>
public static class TreeHash
{
    private const int StackLimit = 1024;

    /// <summary>The root of a tree without entries: SHA-256 of nothing.</summary>
    public static LogHash Empty { get; } = new(SHA256.HashData([]));

    /// <summary>The hash of an entry.</summary>
    public static LogHash Leaf(ReadOnlySpan<byte> entry)
    {
        Span<byte> bytes = entry.Length < StackLimit ? stackalloc byte[entry.Length + 1] : new byte[entry.Length + 1];
        bytes[0] = 0;
        entry.CopyTo(bytes[1..]);
        return Hash(bytes);
    }

    /// <summary>The hash of two subtrees.</summary>
    public static LogHash Node(LogHash left, LogHash right)
    {
        Span<byte> bytes = stackalloc byte[1 + (2 * LogHash.Length)];
        bytes[0] = 1;
        left.CopyTo(bytes[1..]);
        right.CopyTo(bytes[(1 + LogHash.Length)..]);
        return Hash(bytes);
    }

    /// <summary>The root over hashes of subtrees of one size; the last may be smaller.</summary>
    internal static LogHash Root(ReadOnlySpan<LogHash> hashes)
    {
        if (hashes.Length == 1)
        {
            return hashes[0];
        }

        var left = LargestPowerBelow(hashes.Length);
        return Node(Root(hashes[..(int)left]), Root(hashes[(int)left..]));
    }

    /// <summary>The largest power of two that is smaller than a number above 1: where RFC 6962 splits a tree.</summary>
    internal static long LargestPowerBelow(long count) => 1L << (63 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(count - 1)));

    private static LogHash Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[LogHash.Length];
        SHA256.HashData(bytes, hash);
        return new LogHash(hash);
    }
}
