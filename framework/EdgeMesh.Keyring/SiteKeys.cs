using NSec.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>The keys that a site's keyring stands on.</summary>
/// <param name="SiteKey">32 bytes; wraps data keys.</param>
/// <param name="PseudonymKey">32 bytes; makes pseudonyms.</param>
/// <param name="ExchangeKey">32 bytes, X25519 private; opens keys that other sites wrapped.</param>
public sealed record SiteKeys(byte[] SiteKey, byte[] PseudonymKey, byte[] ExchangeKey)
{
    /// <summary>New keys, of the system's randomness.</summary>
    public static SiteKeys Generate()
    {
        using var exchange = Key.Create(KeyAgreementAlgorithm.X25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        return new SiteKeys(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), System.Security.Cryptography.RandomNumberGenerator.GetBytes(32), exchange.Export(KeyBlobFormat.RawPrivateKey));
    }

    /// <summary>The X25519 public key that other sites wrap data keys for, 32 bytes.</summary>
    public byte[] ExchangePublicKey()
    {
        using var exchange = Key.Import(KeyAgreementAlgorithm.X25519, ExchangeKey, KeyBlobFormat.RawPrivateKey);
        return exchange.PublicKey.Export(KeyBlobFormat.RawPublicKey);
    }
}
