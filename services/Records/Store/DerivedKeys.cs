using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Keyring;

namespace EdgeMesh.Services.Records.Store;

/// <summary>Keys for what never leaves this machine, derived from the site's: one for each use, so none opens another's.</summary>
/// <param name="Tokens">Makes index tokens.</param>
/// <param name="Facts">Seals rows of the projection.</param>
/// <param name="Cursors">Seals cursors.</param>
internal sealed record DerivedKeys(byte[] Tokens, byte[] Facts, byte[] Cursors)
{
    private const int Length = 32;

    public static DerivedKeys Of(SiteKeys keys) => new(
        Derive(keys.PseudonymKey, "edgemesh/records/index-tokens/1"),
        Derive(keys.SiteKey, "edgemesh/records/projection/1"),
        Derive(keys.SiteKey, "edgemesh/records/cursors/1"));

    /// <summary>Tells the keys of two sites apart, and nothing of the keys.</summary>
    public string Fingerprint() =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Tokens, Encoding.UTF8.GetBytes("fingerprint")).AsSpan(0, 8))
        + Convert.ToHexStringLower(HMACSHA256.HashData(Facts, Encoding.UTF8.GetBytes("fingerprint")).AsSpan(0, 8));

    public override string ToString() => nameof(DerivedKeys);

    private static byte[] Derive(byte[] key, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Length, info: Encoding.UTF8.GetBytes(purpose));
}
