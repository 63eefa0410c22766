using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace EdgeMesh.Cli.Provisioning;

internal static class LedgerKeys
{
    private const byte Ed25519Type = 1;

    public static string Origin(string site) => $"edgemesh/{site}";

    public static string VerifierKey(string site, string seed)
    {
        using var key = Key.Import(SignatureAlgorithm.Ed25519, Convert.FromBase64String(seed), KeyBlobFormat.RawPrivateKey);
        byte[] typed = [Ed25519Type, .. key.PublicKey.Export(KeyBlobFormat.RawPublicKey)];
        var name = Origin(site);
        var id = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), 0x0a, .. typed]);
        return $"{name}+{Convert.ToHexStringLower(id.AsSpan(0, 4))}+{Convert.ToBase64String(typed)}";
    }
}
