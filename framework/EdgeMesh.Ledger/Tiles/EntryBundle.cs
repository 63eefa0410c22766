using System.Buffers.Binary;

namespace EdgeMesh.Ledger;

/// <summary>Entries on the wire: (big-endian uint16 length ‖ entry)*.</summary>
public static class EntryBundle
{
    /// <summary>The longest entry, in bytes.</summary>
    public const int MaxEntry = ushort.MaxValue;

    private const int LengthBytes = 2;

    /// <summary>Reads a bundle; null when it ends inside an entry or has more entries than <paramref name="limit"/>.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>>? TryRead(ReadOnlyMemory<byte> bundle, int limit = TilePath.FullWidth)
    {
        var entries = new List<ReadOnlyMemory<byte>>();
        while (!bundle.IsEmpty)
        {
            if (entries.Count == limit || bundle.Length < LengthBytes)
            {
                return null;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.Span);
            if (bundle.Length < LengthBytes + length)
            {
                return null;
            }

            entries.Add(bundle.Slice(LengthBytes, length));
            bundle = bundle[(LengthBytes + length)..];
        }

        return entries;
    }

    /// <summary>Writes entries.</summary>
    public static byte[] Write(IEnumerable<ReadOnlyMemory<byte>> entries)
    {
        var all = entries as IReadOnlyCollection<ReadOnlyMemory<byte>> ?? [.. entries];
        var bundle = new byte[all.Sum(Length)];
        var rest = bundle.AsSpan();
        foreach (var entry in all)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, checked((ushort)entry.Length));
            entry.Span.CopyTo(rest[LengthBytes..]);
            rest = rest[(LengthBytes + entry.Length)..];
        }

        return bundle;
    }

    internal static int Length(ReadOnlyMemory<byte> entry) => LengthBytes + entry.Length;
}
