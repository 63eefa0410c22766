using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>The keys that a site's keyring stands on.</summary>
/// <param name="SiteKey">32 bytes; wraps data keys.</param>
/// <param name="PseudonymKey">32 bytes; makes pseudonyms.</param>
/// <param name="ExchangeKey">32 bytes, X25519 private; opens keys that other sites wrapped.</param>
public sealed record SiteKeys(byte[] SiteKey, byte[] PseudonymKey, byte[] ExchangeKey)
{
    /// <summary>New keys, of the system's randomness.</summary>
    public static SiteKeys Generate() =>
        new(RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));

    /// <summary>Reads keys from the base64 in which secret stores hold them.</summary>
    /// <exception cref="FormatException">One is not 32 bytes in base64; the message names it, and never shows it.</exception>
    public static SiteKeys FromBase64(string siteKey, string pseudonymKey, string exchangeKey) =>
        new(Read(siteKey, "site-key"), Read(pseudonymKey, "pseudonym-key"), Read(exchangeKey, "exchange-key"));

    /// <summary>The X25519 public key that other sites wrap data keys for, 32 bytes.</summary>
    public byte[] ExchangePublicKey()
    {
        using var exchange = Key.Import(KeyAgreementAlgorithm.X25519, ExchangeKey, KeyBlobFormat.RawPrivateKey);
        return exchange.PublicKey.Export(KeyBlobFormat.RawPublicKey);
    }

    /// <summary>A keyed pseudonym, stable at this site: 32 lower-case hex digits.</summary>
    /// <param name="domain">What kind of thing it stands for, such as <c>patient</c>: one value has another in each.</param>
    /// <param name="value">The thing itself.</param>
    public string Pseudonym(string domain, string value) => Pseudonym(PseudonymKey, domain, value);

    /// <summary>Says nothing: keys never reach a log.</summary>
    public override string ToString() => nameof(SiteKeys);

    internal static string Pseudonym(byte[] key, string domain, string value)
    {
        // The domain's length comes first, so that no two pairs are one text.
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(prefix, domain.Length);
        byte[] text = [.. prefix, .. Encoding.UTF8.GetBytes(domain), .. Encoding.UTF8.GetBytes(value)];
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, text).AsSpan(0, 16));
    }

    private static byte[] Read(string text, string name)
    {
        var key = new byte[33];
        return Convert.TryFromBase64String(text, key, out var length) && length == 32
            ? key[..32]
            : throw new FormatException($"The secret '{name}' is not 32 bytes in base64.");
    }
}
