using System.Buffers.Binary;

namespace EdgeMesh.Ledger;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="KeyId">The key's id.</param>
/// <param name="Bytes">The signature, in the form that the key's type has.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Bytes)
{
    internal const string Dash = "\u2014 ";
    private const int IdLength = 4;

    /// <summary>The line, with its newline.</summary>
    public override string ToString()
    {
        var bytes = new byte[IdLength + Bytes.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Bytes.CopyTo(bytes.AsMemory(IdLength));
        return $"{Dash}{Name} {Convert.ToBase64String(bytes)}\n";
    }

    /// <summary>Reads lines, as a witness answers with them (C2SP tlog-witness); null when one of them is none, or they are too many.</summary>
    public static IReadOnlyList<NoteSignature>? ParseLines(string lines)
    {
        var read = lines.EndsWith('\n') ? lines[..^1].Split('\n').Select(TryParse).Take(SignedNote.MaxSignatures + 1).ToArray() : [];
        return read.Length is 0 or > SignedNote.MaxSignatures || read.Contains(null) ? null : [.. read.OfType<NoteSignature>()];
    }

    /// <summary>Reads a line without its newline; null when it is none.</summary>
    internal static NoteSignature? TryParse(string line)
    {
        if (!line.StartsWith(Dash, StringComparison.Ordinal))
        {
            return null;
        }

        var parts = line[Dash.Length..].Split(' ');
        return parts.Length == 2 && Notes.Canonical.IsName(parts[0]) && Notes.Canonical.TryParseBase64(parts[1]) is { Length: > IdLength } bytes
            ? new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(IdLength))
            : null;
    }
}
