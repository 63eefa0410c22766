using System.Security.Cryptography;

namespace EdgeMesh.Ledger.Tests.Tree;

/// <summary>The definitions of RFC 6962, section 2.1, word by word.</summary>
internal static class NaiveTree
{
    public static byte[] Root(ReadOnlySpan<byte[]> entries) => entries.Length switch
    {
        0 => SHA256.HashData([]),
        1 => SHA256.HashData([0, .. entries[0]]),
        _ => SHA256.HashData([1, .. Root(entries[..Split(entries.Length)]), .. Root(entries[Split(entries.Length)..])]),
    };

    public static List<byte[]> Path(int index, ReadOnlySpan<byte[]> entries)
    {
        if (entries.Length == 1)
        {
            return [];
        }

        var k = Split(entries.Length);
        return index < k
            ? [.. Path(index, entries[..k]), Root(entries[k..])]
            : [.. Path(index - k, entries[k..]), Root(entries[..k])];
    }

    public static List<byte[]> Proof(int old, ReadOnlySpan<byte[]> entries) => SubProof(old, entries, true);

    private static List<byte[]> SubProof(int old, ReadOnlySpan<byte[]> entries, bool whole)
    {
        if (old == entries.Length)
        {
            return whole ? [] : [Root(entries)];
        }

        var k = Split(entries.Length);
        return old <= k
            ? [.. SubProof(old, entries[..k], whole), Root(entries[k..])]
            : [.. SubProof(old - k, entries[k..], false), Root(entries[..k])];
    }

    private static int Split(int count)
    {
        var k = 1;
        while (k * 2 < count)
        {
            k *= 2;
        }

        return k;
    }
}
