using EdgeMesh.Ledger;

namespace EdgeMesh.Cli.Provisioning;

internal static class LedgerKeys
{
    public static string VerifierKey(string site, string seed)
    {
        using var key = LedgerKey.FromSeed(LedgerKey.OriginOf(site), seed);
        return key.VerifierKey.ToString();
    }
}
