using System.Buffers.Binary;

namespace EdgeMesh.Ledger.Storage;

/// <summary>A full bundle as it is stored: how many pieces come before it (big-endian uint16), then its last bytes. No checksum: the tree
/// itself tells whether entries are whole, and names the one that is not.</summary>
internal static class BundleRow
{
    private const int CountLength = 2;

    public static byte[] Write(int pieces, ReadOnlySpan<byte> last)
    {
        var row = new byte[CountLength + last.Length];
        BinaryPrimitives.WriteUInt16BigEndian(row, checked((ushort)pieces));
        last.CopyTo(row.AsSpan(CountLength));
        return row;
    }

    public static (int Pieces, ReadOnlyMemory<byte> Last) Read(ReadOnlyMemory<byte> row) =>
        row.Length < CountLength ? (0, row) : (BinaryPrimitives.ReadUInt16BigEndian(row.Span), row[CountLength..]);

    /// <summary>A bundle's pieces, joined; null when one is missing.</summary>
    public static async ValueTask<byte[]?> JoinAsync(ILedgerStore store, long bundle, int pieces, ReadOnlyMemory<byte> last, CancellationToken cancellation)
    {
        if (pieces > TilePath.FullWidth)
        {
            return null;
        }

        var parts = await Task.WhenAll(Enumerable.Range(0, pieces).Select(p => store.ReadBodyAsync(LedgerKeys.Piece(bundle, p), cancellation).AsTask()));
        if (parts.Contains(null))
        {
            return null;
        }

        using var joined = new MemoryStream();
        foreach (var part in parts)
        {
            joined.Write(part!.Value.Span);
        }

        joined.Write(last.Span);
        return joined.ToArray();
    }
}
