using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using EdgeMesh.Ledger.Notes;

namespace EdgeMesh.Ledger;

/// <summary>What a log asks of a witness (C2SP tlog-witness, <c>add-checkpoint</c>): <c>old N</c>, lines of the proof, an empty line, the
/// signed checkpoint.</summary>
/// <param name="OldSize">How many entries the log had when that witness cosigned it last, as far as the log knows; 0: never.</param>
/// <param name="Proof">That the log of that size is the beginning of this one; empty from size 0.</param>
/// <param name="Note">The checkpoint, signed by the log.</param>
public sealed record AddCheckpoint(long OldSize, ImmutableArray<LogHash> Proof, SignedNote Note)
{
    /// <summary>The longest request that is read, in bytes.</summary>
    public const int MaxLength = SignedNote.MaxLength + (ConsistencyProof.MaxLength * HashLine) + 32;

    private const int HashLine = 45;
    private const string Old = "old ";

    /// <summary>Reads a request; false when it is malformed or over a limit. Nothing is verified yet.</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, [NotNullWhen(true)] out AddCheckpoint? request)
    {
        request = null;
        var end = body.IndexOf("\n\n"u8);
        if (end < 0 || body.Length > MaxLength || !SignedNote.TryParse(body[(end + 2)..], out var note))
        {
            return false;
        }

        var lines = Encoding.UTF8.GetString(body[..end]).Split('\n');
        if (lines.Length - 1 > ConsistencyProof.MaxLength || !lines[0].StartsWith(Old, StringComparison.Ordinal) || !Canonical.TryParseNumber(lines[0][Old.Length..], out var size))
        {
            return false;
        }

        var proof = ImmutableArray.CreateBuilder<LogHash>(lines.Length - 1);
        foreach (var line in lines.AsSpan(1))
        {
            if (!LogHash.TryParse(line, out var hash))
            {
                return false;
            }

            proof.Add(hash);
        }

        request = new AddCheckpoint(size, proof.MoveToImmutable(), note);
        return true;
    }

    /// <summary>The request's body.</summary>
    public byte[] ToBytes() =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Old}{OldSize}\n{string.Concat(Proof.Select(h => $"{h}\n"))}\n{Note}"));
}
