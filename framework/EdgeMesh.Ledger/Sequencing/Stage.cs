using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>Everything that a batch writes to bodies, durable before the head moves: whoever finds the head at this size and root can
/// finish the batch.</summary>
internal sealed record Stage(long Size, LogHash Root, IReadOnlyList<StagedRow> Rows)
{
    private const char Kind = 'S';

    public string Key => LedgerKeys.Stage(Size, Root);

    public byte[] ToBytes() => RowFormat.Write(Kind, writer =>
    {
        writer.Write(Size);
        writer.WriteHash(Root);
        writer.Write7BitEncodedInt(Rows.Count);
        foreach (var row in Rows)
        {
            writer.Write(row.Key);
            writer.Write(row.Immutable);
            writer.WriteBytes(row.Value.Span);
        }
    });

    public static Stage FromBytes(string key, ReadOnlyMemory<byte> bytes)
    {
        var stage = RowFormat.Read(key, Kind, bytes, reader =>
        {
            var (size, root) = (reader.ReadInt64(), reader.ReadHash());
            var rows = new List<StagedRow>();
            for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
            {
                rows.Add(new StagedRow(reader.ReadString(), reader.ReadBoolean(), reader.ReadBytesExactly()));
            }

            return new Stage(size, root, rows);
        });
        return stage.Key == key ? stage : throw new LedgerHaltedException($"The row '{key}' holds another batch. Restore the store that holds it.");
    }
}
