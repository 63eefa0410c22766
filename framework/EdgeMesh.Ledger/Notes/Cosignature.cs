using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using NSec.Cryptography;

namespace EdgeMesh.Ledger;

/// <summary>A witness's statement that, at a time, a checkpoint was the largest one it knew of a log (C2SP tlog-cosignature, type 04).</summary>
public static class Cosignature
{
    private const int TimeLength = 8;

    /// <summary>Cosigns a checkpoint's text.</summary>
    public static NoteSignature Sign(LedgerKey witness, string text, DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeSeconds();
        var bytes = new byte[TimeLength + SignatureAlgorithm.Ed25519.SignatureSize];
        BinaryPrimitives.WriteInt64BigEndian(bytes, seconds);
        witness.Sign(Message(seconds, text), bytes.AsSpan(TimeLength));
        return new NoteSignature(witness.Name, witness.CosignerKey.Id, bytes);
    }

    /// <summary>When the witness signed; null when the line is another key's or does not hold.</summary>
    public static DateTimeOffset? Verify(VerifierKey witness, string text, NoteSignature signature)
    {
        var bytes = signature.Bytes.Span;
        if (witness.Type != SignatureType.CosignatureV1 || !witness.Signed(signature) || bytes.Length != TimeLength + SignatureAlgorithm.Ed25519.SignatureSize)
        {
            return null;
        }

        var seconds = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return seconds >= 0 && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            && SignatureAlgorithm.Ed25519.Verify(witness.Key, Message(seconds, text), bytes[TimeLength..])
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
    }

    private static byte[] Message(long seconds, string text) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {seconds}\n{text}"));
}
