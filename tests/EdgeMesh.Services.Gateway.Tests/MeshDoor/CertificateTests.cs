using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Tests.Fixtures;

namespace EdgeMesh.Services.Gateway.Tests.MeshDoor;

public sealed class CertificateTests(TwoSites sites) : IClassFixture<TwoSites>
{
    [Fact]
    public async Task Connect_WithoutACertificate_IsRefused() => await AssertRefusedAsync(null);

    [Fact]
    public async Task Connect_OfAForeignAuthority_IsRefused() => await AssertRefusedAsync(new TestMeshAuthority().ClientCertificate("clinic-a"));

    [Fact]
    public async Task Connect_SelfSigned_IsRefused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await AssertRefusedAsync(Request("CN=clinic-a", "clinic-a", key).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100)));
    }

    [Fact]
    public async Task Connect_OfASiteThatIsNotInTheDirectory_IsRefused() => await AssertRefusedAsync(sites.Authority.ClientCertificate("clinic-x"));

    [Fact]
    public async Task Connect_AsThisSiteItself_IsRefused() => await AssertRefusedAsync(sites.Authority.ClientCertificate("clinic-b"));

    [Fact]
    public async Task Connect_ASiteThatSignsACertificateForAnother_IsRefused()
    {
        var (certificate, privateKey) = sites.Authority.Site("clinic-a");
        using var signer = X509Certificate2.CreateFromPem(certificate, privateKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = Request("CN=core", "core", key).Create(
            signer.SubjectName, X509SignatureGenerator.CreateForECDsa(signer.GetECDsaPrivateKey()!), signer.NotBefore, signer.NotAfter, [1, 2, 3]);

        await AssertRefusedAsync(made.CopyWithPrivateKey(key));
    }

    [Fact]
    public async Task Connect_WithAnotherSitesCertificateButNotItsKey_CantBeDone()
    {
        // The certificate is public: it is shown at every handshake. Only the key makes it one's own.
        using var theirs = X509Certificate2.CreateFromPem(sites.Authority.Site("clinic-a").Certificate);

        await AssertRefusedAsync(theirs);
    }

    [Fact]
    public async Task Connect_NamedOtherwiseInTheSubject_IsWhoTheAuthoritySays()
    {
        var (certificate, privateKey) = sites.Authority.Site("clinic-a");
        using var own = X509Certificate2.CreateFromPem(certificate, privateKey);
        using var peer = sites.B.MeshClient(own);

        using var answer = await peer.AskAsync("/mesh/records/Patient/1", ("From", "core"));

        Assert.Equal("clinic-a", (await answer.SeenAsync()).Caller!.Site);
    }

    [Fact]
    public async Task PublicDoor_ShowsTheSitesCertificate()
    {
        using var client = sites.A.Client();

        // The client trusts the mesh's authority alone and checks the address.
        using var answer = await client.AskAsync("/healthz");

        Assert.True(answer.IsSuccessStatusCode);
    }

    private async Task AssertRefusedAsync(X509Certificate2? certificate)
    {
        using var peer = sites.B.MeshClient(certificate);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => peer.AskAsync("/mesh/records/Patient/refused"));
        Assert.DoesNotContain(sites.B.Records.Requests, r => r.Target == "/mesh/records/Patient/refused");
    }

    private static CertificateRequest Request(string subject, string site, ECDsa key)
    {
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("edgemesh://site/" + site));
        request.CertificateExtensions.Add(names.Build());
        return request;
    }
}
