using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger;

/// <summary>What a witness keeps of a log.</summary>
/// <param name="Note">The checkpoint that it cosigned last, with the log's signature and its own.</param>
/// <param name="Other">Another checkpoint of the same size that the log signed, too: with the first one the proof of a split view. Null:
/// none was seen.</param>
public sealed record WitnessedLog(SignedNote Note, SignedNote? Other)
{
    private const char Kind = 'W';

    /// <summary>What the note says.</summary>
    public Checkpoint Checkpoint { get; } = EdgeMesh.Ledger.Checkpoint.TryParse(Note.Text, out var checkpoint)
        ? checkpoint : throw new FormatException("The note is no checkpoint.");

    internal byte[] ToBytes() => RowFormat.Write(Kind, writer =>
    {
        writer.WriteBytes(Note.ToBytes());
        writer.WriteBytes(Other?.ToBytes());
    });

    /// <exception cref="LedgerHaltedException">The row is damaged.</exception>
    internal static WitnessedLog FromBytes(string key, ReadOnlyMemory<byte> row) => RowFormat.Read(key, Kind, row, reader =>
    {
        var (note, other) = (reader.ReadBytesExactly(), reader.ReadBytesExactly());
        return SignedNote.TryParse(note, out var first)
            ? new WitnessedLog(first, SignedNote.TryParse(other, out var second) ? second : null)
            : throw new FormatException("it holds no note");
    });
}
