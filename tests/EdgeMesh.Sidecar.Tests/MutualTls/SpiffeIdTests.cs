using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Sidecar.MutualTls;

namespace EdgeMesh.Sidecar.Tests.MutualTls;

/// <summary>Identities in certificates.</summary>
public sealed class SpiffeIdTests
{
    [Theory]
    [InlineData("spiffe://public/ns/core/alpha", true)]
    [InlineData("https://public/ns/core/alpha", false)]
    [InlineData("spiffe://public/ns/core/alpha/more", false)]
    [InlineData("spiffe://public/ns/core/", false)]
    [InlineData("spiffe://public/ns//alpha", false)]
    [InlineData("spiffe:///ns/core/alpha", false)]
    [InlineData("spiffe://public/sa/core/alpha", false)]
    [InlineData("spiffe://public", false)]
    [InlineData("", false)]
    public void Parse_IsAnIdentity_OnlyOfDaprsShape(string uri, bool isOne) => Assert.Equal(isOne ? uri : null, SpiffeId.Parse(uri)?.ToString());

    [Fact]
    public void Read_OneUriAmongOtherNames_IsTheIdentity() =>
        Assert.Equal(("public", "core", "alpha"), SpiffeId.Read(Certificate("spiffe://public/ns/core/alpha")) is { } id ? (id.TrustDomain, id.Namespace, id.AppId) : default);

    [Fact]
    public void Read_TwoUris_IsNobody() => Assert.Null(SpiffeId.Read(Certificate("spiffe://public/ns/core/alpha", "spiffe://public/ns/core/beta")));

    [Fact]
    public void Read_NoName_IsNobody() => Assert.Null(SpiffeId.Read(Certificate()));

    private static X509Certificate2 Certificate(params string[] uris)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        foreach (var uri in uris)
        {
            names.AddUri(new Uri(uri));
        }

        if (uris.Length > 0)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        return request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
    }
}
