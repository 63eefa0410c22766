using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Hosting;

namespace EdgeMesh.Cli.Tests.Provisioning;

public sealed class MeshProvisionerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Provision_FirstTime_MakesEverySecretOfEverySite()
    {
        var place = TestMesh.In(folder);

        MeshProvisioner.Provision(place);

        string[] names =
        [
            SiteSecrets.SiteKey, SiteSecrets.PseudonymKey, SiteSecrets.ExchangeKey, SiteSecrets.LedgerKey, SiteSecrets.WitnessKey, SiteSecrets.CallerSigningKey,
            SiteSecrets.CallerVerifyKey, SiteSecrets.MeshCertificate, SiteSecrets.MeshPrivateKey, SiteSecrets.MeshCa, SiteSecrets.IssuerKeys,
        ];
        foreach (var site in place.Topology.Sites)
        {
            var secrets = SecretFile.Open(place.Data.Secrets(site.Name));
            Assert.All(names, name => Assert.True(secrets.Has(name) && secrets[name].Length > 0, name));
        }
    }

    [Fact]
    public void Provision_FirstTime_CertificatesNameTheirSite()
    {
        var place = TestMesh.In(folder);

        MeshProvisioner.Provision(place);

        var authority = X509CertificateLoader.LoadCertificateFromFile(place.Data.AuthorityCertificate);
        using var certificate = X509Certificate2.CreateFromPem(SecretFile.Open(place.Data.Secrets("clinic-b"))[SiteSecrets.MeshCertificate]);
        Assert.Equal("clinic-b", MeshAuthority.SiteOf(certificate, authority, TimeProvider.System));
    }

    [Fact]
    public void Provision_FirstTime_DirectoriesLeadThroughTheRelays()
    {
        var place = TestMesh.In(folder);

        MeshProvisioner.Provision(place);

        var directory = MeshDirectory.Load(place.Data.Directory("clinic-a"));
        Assert.Equal("clinic-a", directory.Self);
        Assert.Equal("https://127.0.0.1:7280/", directory.Find("core")!.MeshUrl!.ToString());
        Assert.Equal("https://127.0.0.1:7282/", directory.Find("clinic-b")!.MeshUrl!.ToString());
        Assert.Null(directory.This.MeshUrl);
        Assert.True(directory.Find("core")!.IsCore);
        Assert.Equal(32, directory.Find("core")!.ExchangeKey.Length);
        Assert.Equal(MeshDirectory.Load(place.Data.Directory("core")).This.CallerKey, directory.Find("core")!.CallerKey);
    }

    [Fact]
    public void Provision_Again_ChangesNothing()
    {
        var place = TestMesh.In(folder);
        MeshProvisioner.Provision(place);
        var before = Contents(place.Data.Path);

        MeshProvisioner.Provision(place);

        Assert.Equal(before, Contents(place.Data.Path));
    }

    [Fact]
    public void Provision_OneSecretMissing_MakesItAndKeepsTheOthers()
    {
        var place = TestMesh.In(folder);
        MeshProvisioner.Provision(place);
        var path = place.Data.Secrets("core");
        var before = SecretFile.Open(path);
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json.Remove(SiteSecrets.WitnessKey);
        File.WriteAllText(path, json.ToJsonString());

        MeshProvisioner.Provision(place);

        var after = SecretFile.Open(path);
        Assert.Equal(before[SiteSecrets.SiteKey], after[SiteSecrets.SiteKey]);
        Assert.NotEqual(before[SiteSecrets.WitnessKey], after[SiteSecrets.WitnessKey]);
    }

    [Fact]
    public void Provision_UnreadableSecrets_RefusesToMakeNewOnes()
    {
        var place = TestMesh.In(folder);
        MeshProvisioner.Provision(place);
        File.WriteAllText(place.Data.Secrets("core"), "{ torn");

        var fault = Assert.Throws<InvalidDataException>(() => MeshProvisioner.Provision(place));

        Assert.Contains("secrets.json", fault.Message, StringComparison.Ordinal);
        Assert.Equal("{ torn", File.ReadAllText(place.Data.Secrets("core")));
    }

    [Fact]
    public void Provision_OnUnix_OnlyTheOwnerReads()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes");
            return;
        }

        var place = TestMesh.In(folder);

        MeshProvisioner.Provision(place);

        Assert.Equal(PrivateFiles.FolderMode, File.GetUnixFileMode(place.Data.Path));
        Assert.Equal(PrivateFiles.FolderMode, File.GetUnixFileMode(place.Data.Site("core")));
        foreach (var file in (string[])[place.Data.Secrets("core"), place.Data.IssuerKey, Path.Combine(place.Data.Authority, "ca.key")])
        {
            Assert.Equal(PrivateFiles.FileMode, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public void TryTake_HeldByAnother_IsNull()
    {
        var path = folder.File("lock");
        using (var first = FolderLock.TryTake(path))
        {
            Assert.NotNull(first);
            Assert.Null(FolderLock.TryTake(path));
            Assert.True(FolderLock.IsHeld(path));
        }

        Assert.False(FolderLock.IsHeld(path));
    }

    private static Dictionary<string, string> Contents(string path) =>
        Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).ToDictionary(f => f, File.ReadAllText);
}
