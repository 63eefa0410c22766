using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using NSec.Cryptography;

namespace EdgeMesh.Ledger;

/// <summary>A text and who signed it (C2SP signed-note).</summary>
/// <param name="Text">Ends in a newline.</param>
/// <param name="Signatures">At least one.</param>
public sealed record SignedNote(string Text, ImmutableArray<NoteSignature> Signatures)
{
    /// <summary>The longest note that is read, in bytes: room for a checkpoint and 64 signatures, also large ones.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>The most signatures that are read.</summary>
    public const int MaxSignatures = 64;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads a note; false when it is malformed or over a limit. Nothing is verified yet.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note)
    {
        note = null;
        if (bytes.Length is 0 or > MaxLength || Decode(bytes) is not { } all || all.Any(c => c < ' ' && c != '\n'))
        {
            return false;
        }

        var split = all.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || split + 2 == all.Length || !all.EndsWith('\n'))
        {
            return false;
        }

        var lines = all[(split + 2)..^1].Split('\n');
        var signatures = lines.Length <= MaxSignatures ? lines.Select(NoteSignature.TryParse).ToArray() : [];
        if (signatures.Length == 0 || signatures.Contains(null))
        {
            return false;
        }

        note = new SignedNote(all[..(split + 1)], [.. signatures.OfType<NoteSignature>()]);
        return true;
    }

    /// <summary>Whether this key signed the text, and every signature in its name and id holds.</summary>
    public bool IsSignedBy(VerifierKey key)
    {
        var mine = Signatures.Where(key.Signed).ToArray();
        return mine.Length > 0 && mine.All(signature => Verify(key, signature));
    }

    /// <summary>The text, an empty line, the signature lines.</summary>
    public override string ToString() => $"{Text}\n{string.Concat(Signatures.Select(s => s.ToString()))}";

    /// <summary>The note as it is served.</summary>
    public byte[] ToBytes() => Strict.GetBytes(ToString());

    private bool Verify(VerifierKey key, NoteSignature signature) => key.Type switch
    {
        SignatureType.Ed25519 => SignatureAlgorithm.Ed25519.Verify(key.Key, Strict.GetBytes(Text), signature.Bytes.Span),
        SignatureType.CosignatureV1 => Cosignature.Verify(key, Text, signature) is not null,
        _ => false,
    };

    private static string? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
