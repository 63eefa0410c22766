namespace EdgeMesh.Cli.Provisioning;

/// <summary>Where a mesh on this machine keeps what. Only the owner may enter: it holds every key.</summary>
internal sealed record DataFolder(string Path)
{
    /// <summary>Held by the <c>up</c> that owns this mesh.</summary>
    public string UpLock => In("up.lock");

    /// <summary>What the running <c>up</c> says of itself (<see cref="Up.UpState"/>).</summary>
    public string UpState => In("up.json");

    public string UpLog => In("up.log");

    public string Authority => In("authority");

    /// <summary>The certificate that clients trust: <c>curl --cacert</c>.</summary>
    public string AuthorityCertificate => In("ca.pem");

    /// <summary>The development issuer's signing key.</summary>
    public string IssuerKey => In("issuer/key.pem");

    /// <summary>The key that signs functions and deployments on this machine.</summary>
    public string DeployerKey => In("deployer/ops.key");

    public string Site(string name) => In($"sites/{name}");

    public string Secrets(string site) => System.IO.Path.Combine(Site(site), "secrets.json");

    public string Directory(string site) => System.IO.Path.Combine(Site(site), "mesh.json");

    public string SiteLock(string site) => System.IO.Path.Combine(Site(site), "site.lock");

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
