using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;
using EdgeMesh.Ledger;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>Makes the data folder of a mesh: its authority, the development issuer, every site's keys and directory. Does nothing
/// to what is there; after a crash it goes on where it stopped.</summary>
internal static class MeshProvisioner
{
    private const int KeyLength = 32;

    /// <exception cref="InvalidDataException">Keys that are there can't be read.</exception>
    public static void Provision(MeshPlace place) => Provision(place, TimeProvider.System);

    public static void Provision(MeshPlace place, TimeProvider clock)
    {
        PrivateFiles.CreateFolder(place.Data.Path);
        var authority = Authority(place, clock);
        using var issuer = DevelopmentIssuer.OpenOrCreate(place.Data, clock);
        using var deployer = DeployerKeyFile.OpenOrCreate(place.Data.DeployerKey);
        var trust = (Issuers: issuer.Jwks(), Deployers: DeployerKeyFile.Trust(deployer.Public));
        var secrets = place.Topology.Sites.ToDictionary(s => s.Name, s => Secrets(place, s, authority, trust, clock));
        foreach (var site in place.Topology.Sites)
        {
            WriteDirectory(place, site, secrets);
        }
    }

    private static (string Certificate, string PrivateKey) Authority(MeshPlace place, TimeProvider clock)
    {
        PrivateFiles.CreateFolder(place.Data.Authority);
        var (certificateFile, keyFile) = (Path.Combine(place.Data.Authority, "ca.pem"), Path.Combine(place.Data.Authority, "ca.key"));

        // The key first: a certificate without its key would stop every later start, a key without certificate is made anew.
        if (!File.Exists(certificateFile))
        {
            var made = MeshAuthority.CreateAuthority(place.Topology.Name, clock);
            PrivateFiles.Write(keyFile, Encoding.ASCII.GetBytes(made.PrivateKey + "\n"));
            PrivateFiles.Write(certificateFile, Encoding.ASCII.GetBytes(made.Certificate + "\n"));
        }

        var certificate = File.ReadAllText(certificateFile);
        if (!File.Exists(place.Data.AuthorityCertificate) || File.ReadAllText(place.Data.AuthorityCertificate) != certificate)
        {
            PrivateFiles.Write(place.Data.AuthorityCertificate, Encoding.ASCII.GetBytes(certificate), isPublic: true);
        }

        return (certificate, File.ReadAllText(keyFile));
    }

    private static SecretFile Secrets(MeshPlace place, SiteDefinition site, (string Certificate, string PrivateKey) authority, (string Issuers, string Deployers) trust, TimeProvider clock)
    {
        PrivateFiles.CreateFolder(Path.GetDirectoryName(place.Data.Site(site.Name))!);
        PrivateFiles.CreateFolder(place.Data.Site(site.Name));
        var file = SecretFile.Open(place.Data.Secrets(site.Name));
        var keys = SiteKeys.Generate();
        file.AddIfMissing(SiteSecrets.SiteKey, () => Convert.ToBase64String(keys.SiteKey));
        file.AddIfMissing(SiteSecrets.PseudonymKey, () => Convert.ToBase64String(keys.PseudonymKey));
        file.AddIfMissing(SiteSecrets.ExchangeKey, () => Convert.ToBase64String(keys.ExchangeKey));
        file.AddIfMissing(SiteSecrets.LedgerKey, RandomKey);
        file.AddIfMissing(SiteSecrets.WitnessKey, RandomKey);
        if (!file.Has(SiteSecrets.CallerSigningKey))
        {
            using var caller = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            file.AddIfMissing(SiteSecrets.CallerSigningKey, caller.ExportPkcs8PrivateKeyPem);
            file.Set(SiteSecrets.CallerVerifyKey, caller.ExportSubjectPublicKeyInfoPem());
        }

        if (!file.Has(SiteSecrets.MeshPrivateKey))
        {
            var made = MeshAuthority.CreateSite(authority.Certificate, authority.PrivateKey, site.Name, [], clock);
            file.Set(SiteSecrets.MeshCertificate, made.Certificate);
            file.AddIfMissing(SiteSecrets.MeshPrivateKey, () => made.PrivateKey);
        }

        file.Set(SiteSecrets.MeshCa, authority.Certificate);
        file.Set(SiteSecrets.IssuerKeys, trust.Issuers);
        // An operator may trust others, too: what is there stays.
        file.AddIfMissing(SiteSecrets.FunctionDeployers, () => trust.Deployers);
        file.Save();
        return file;
    }

    private static void WriteDirectory(MeshPlace place, SiteDefinition self, Dictionary<string, SecretFile> secrets)
    {
        var topology = place.Topology;
        var entries = topology.Sites.Select(site =>
        {
            var file = secrets[site.Name];
            var url = topology.AreLinked(self.Name, site.Name) ? new Uri($"https://127.0.0.1:{topology.RelayPort(self, site)}") : null;
            using var ledger = LedgerKey.FromSeed(LedgerKey.OriginOf(site.Name), file[SiteSecrets.LedgerKey]);
            using var witness = LedgerKey.FromSeed(LedgerKey.WitnessOf(site.Name), file[SiteSecrets.WitnessKey]);
            return new SiteEntry(site.Name, site.Organization, url, file.SiteKeys.ExchangePublicKey(),
                ledger.VerifierKey.ToString(), file[SiteSecrets.CallerVerifyKey], site.IsCore) { WitnessKey = witness.CosignerKey.ToString() };
        });
        new MeshDirectory(self.Name, [.. entries]).Save(place.Data.Directory(self.Name));
    }

    private static string RandomKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyLength));
}
