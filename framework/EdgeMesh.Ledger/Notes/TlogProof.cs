using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using EdgeMesh.Ledger.Notes;

namespace EdgeMesh.Ledger;

/// <summary>A proof that an entry was logged, which needs nothing but the log's key to be checked (C2SP tlog-proof).</summary>
/// <param name="Index">The entry's place.</param>
/// <param name="Hashes">From the leaf's sibling to the root's child.</param>
/// <param name="Checkpoint">The signed checkpoint.</param>
public sealed record TlogProof(long Index, ImmutableArray<LogHash> Hashes, SignedNote Checkpoint)
{
    private const string Header = "c2sp.org/tlog-proof@v1";
    private const string Extra = "extra ";
    private const string IndexPrefix = "index ";
    private const int MaxHashes = 63;

    /// <summary>Reads a proof; its opaque extra line is passed over, because nothing authenticates it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out TlogProof? proof)
    {
        proof = null;
        var split = bytes.IndexOf("\n\n"u8);
        if (bytes.Length > SignedNote.MaxLength || split < 0 || !SignedNote.TryParse(bytes[(split + 2)..], out var note))
        {
            return false;
        }

        var lines = Encoding.UTF8.GetString(bytes[..split]).Split('\n').AsSpan();
        if (lines[0] != Header)
        {
            return false;
        }

        lines = lines[1..];
        if (lines is [var extra, ..] && extra.StartsWith(Extra, StringComparison.Ordinal))
        {
            lines = Canonical.TryParseBase64(extra[Extra.Length..]) is null ? [] : lines[1..];
        }

        if (lines is not [var index, .. var rest] || rest.Length > MaxHashes || !index.StartsWith(IndexPrefix, StringComparison.Ordinal)
            || !Canonical.TryParseNumber(index[IndexPrefix.Length..], out var number))
        {
            return false;
        }

        proof = ReadHashes(rest) is { } hashes ? new TlogProof(number, hashes, note) : null;
        return proof is not null;
    }

    /// <summary>Whether the log's key signed a checkpoint that holds this entry at this index.</summary>
    public bool Verify(ReadOnlySpan<byte> entry, VerifierKey log) =>
        EdgeMesh.Ledger.Checkpoint.TryOpen(Checkpoint.ToBytes(), log, out var checkpoint)
        && InclusionProof.Verify(TreeHash.Leaf(entry), Index, checkpoint.Size, Hashes, checkpoint.Root);

    /// <summary>The text form.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Header}\n{IndexPrefix}{Index}\n{string.Concat(Hashes.Select(h => h + "\n"))}\n{Checkpoint}");

    private static ImmutableArray<LogHash>? ReadHashes(ReadOnlySpan<string> lines)
    {
        var hashes = ImmutableArray.CreateBuilder<LogHash>();
        foreach (var line in lines)
        {
            if (!LogHash.TryParse(line, out var hash))
            {
                return null;
            }

            hashes.Add(hash);
        }

        return hashes.ToImmutable();
    }
}
