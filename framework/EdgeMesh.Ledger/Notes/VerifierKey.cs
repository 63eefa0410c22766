using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Ledger.Notes;
using NSec.Cryptography;

namespace EdgeMesh.Ledger;

/// <summary>A public key that signs notes: <c>name+hex8(id)+base64(type ‖ key)</c>.</summary>
public sealed class VerifierKey
{
    private const int KeyLength = 32;

    private readonly byte[] _publicKey;

    internal VerifierKey(string name, SignatureType type, byte[] publicKey)
    {
        (Name, Type, _publicKey) = (name, type, publicKey);
        var id = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)type, .. publicKey]);
        Id = BinaryPrimitives.ReadUInt32BigEndian(id);
        Key = PublicKey.Import(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey);
    }

    /// <summary>Who signs; for a log, its origin.</summary>
    public string Name { get; }

    /// <summary>The algorithm.</summary>
    public SignatureType Type { get; }

    /// <summary>Stands for the key in signature lines.</summary>
    public uint Id { get; }

    internal PublicKey Key { get; }

    /// <summary>Reads the text form; false when it is malformed, of an unknown type, or its id is not its key's.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out VerifierKey? key)
    {
        key = null;
        var parts = text.Split('+', 3);
        if (parts.Length != 3 || !Canonical.IsName(parts[0]) || parts[1].Length != 8
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id)
            || Canonical.TryParseBase64(parts[2]) is not { Length: KeyLength + 1 } bytes
            || (SignatureType)bytes[0] is not (SignatureType.Ed25519 or SignatureType.CosignatureV1)
            || !PublicKey.TryImport(SignatureAlgorithm.Ed25519, bytes.AsSpan(1), KeyBlobFormat.RawPublicKey, out _))
        {
            return false;
        }

        var read = new VerifierKey(parts[0], (SignatureType)bytes[0], bytes[1..]);
        key = read.Id == id ? read : null;
        return key is not null;
    }

    /// <summary>The text form.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}+{Id:x8}+{Convert.ToBase64String([(byte)Type, .. _publicKey])}");

    internal bool Signed(NoteSignature signature) => signature.Name == Name && signature.KeyId == Id;
}
