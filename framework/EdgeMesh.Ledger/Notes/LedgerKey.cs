using EdgeMesh.Ledger.Notes;
using NSec.Cryptography;

namespace EdgeMesh.Ledger;

/// <summary>A private key that signs checkpoints (as a log) or cosigns them (as a witness). One key must do only one of both.</summary>
public sealed class LedgerKey : IDisposable
{
    private readonly Key _key;

    private LedgerKey(string name, Key key)
    {
        if (!Canonical.IsName(name))
        {
            throw new ArgumentException($"'{name}' names no key: it must not be empty, and has no spaces and no plus.", nameof(name));
        }

        (Name, _key) = (name, key);
        var publicKey = key.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        VerifierKey = new VerifierKey(name, SignatureType.Ed25519, publicKey);
        CosignerKey = new VerifierKey(name, SignatureType.CosignatureV1, publicKey);
    }

    /// <summary>The name in signature lines: for a log, its origin.</summary>
    public string Name { get; }

    /// <summary>What verifies checkpoints that this key signed.</summary>
    public VerifierKey VerifierKey { get; }

    /// <summary>What verifies cosignatures of this key.</summary>
    public VerifierKey CosignerKey { get; }

    /// <summary>The origin, and so the key name, of a site's ledger.</summary>
    public static string OriginOf(string site) => $"edgemesh/{site}/ledger";

    /// <summary>The key name of a site's witness.</summary>
    public static string WitnessOf(string site) => $"edgemesh/{site}/witness";

    /// <summary>A new key, of the system's randomness.</summary>
    public static LedgerKey Generate(string name) =>
        new(name, Key.Create(SignatureAlgorithm.Ed25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));

    /// <summary>Reads a key from its seed.</summary>
    /// <exception cref="FormatException">The seed is not 32 bytes in base64; the message never shows it.</exception>
    public static LedgerKey FromSeed(string name, string base64Seed) =>
        Canonical.TryParseBase64(base64Seed) is { Length: 32 } seed
            ? new(name, Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }))
            : throw new FormatException($"The seed of the key '{name}' is not 32 bytes in base64.");

    /// <summary>The seed in base64, for a secret store. It must never be logged.</summary>
    public string ExportSeed() => Convert.ToBase64String(_key.Export(KeyBlobFormat.RawPrivateKey));

    /// <summary>Signs a note's text as a log.</summary>
    public NoteSignature Sign(string text)
    {
        var signature = new byte[SignatureAlgorithm.Ed25519.SignatureSize];
        Sign(System.Text.Encoding.UTF8.GetBytes(text), signature);
        return new NoteSignature(Name, VerifierKey.Id, signature);
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    internal void Sign(ReadOnlySpan<byte> message, Span<byte> signature) => SignatureAlgorithm.Ed25519.Sign(_key, message, signature);
}
