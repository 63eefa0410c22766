using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeMesh.Ledger.Notes;

namespace EdgeMesh.Ledger;

/// <summary>What a log states of itself (C2SP tlog-checkpoint): <c>origin\nsize\nbase64(root)\n</c>, then lines of extensions.</summary>
/// <param name="Origin">Which log.</param>
/// <param name="Size">How many entries it has.</param>
/// <param name="Root">The root of their tree.</param>
public sealed record Checkpoint(string Origin, long Size, LogHash Root)
{
    /// <summary>Reads the text of a note. Extension lines are allowed and mean nothing here.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        var lines = text.Split('\n');
        // The text ends in a newline, so the last piece is empty; an extension line is not.
        checkpoint = lines.Length >= 4 && lines[^1].Length == 0 && lines[0].Length > 0 && !lines[3..^1].Contains("")
            && Canonical.TryParseNumber(lines[1], out var size) && LogHash.TryParse(lines[2], out var root)
            ? new Checkpoint(lines[0], size, root)
            : null;
        return checkpoint is not null;
    }

    /// <summary>Reads a note's checkpoint and checks that its log, and not only anybody, signed it.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> note, VerifierKey log, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        return SignedNote.TryParse(note, out var signed) && signed.IsSignedBy(log)
            && TryParse(signed.Text, out var read) && read.Origin == log.Name && (checkpoint = read) is not null;
    }

    /// <summary>The text to sign.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root}\n");

    /// <summary>The note that the log signs.</summary>
    public SignedNote Sign(LedgerKey log)
    {
        var text = ToString();
        return new SignedNote(text, [log.Sign(text)]);
    }
}
