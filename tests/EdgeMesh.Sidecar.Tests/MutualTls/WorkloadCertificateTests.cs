using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Sidecar.MutualTls;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.MutualTls;

/// <summary>What sentry signs.</summary>
public sealed class WorkloadCertificateTests : IDisposable
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.UnixEpoch.AddYears(60);

    private readonly TestAuthority _authority = new(new FakeTimeProvider(Begin));
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public void From_ACertificate_IsRenewedAtHalfItsLife()
    {
        var certificate = WorkloadCertificate.From(_authority.Sign("spiffe://public/ns/core/alpha", new PublicKey(_key), TimeSpan.FromHours(24)), _key);
        Assert.Equal("spiffe://public/ns/core/alpha", certificate.Identity.ToString());
        Assert.Equal((Begin.AddMinutes(-15), Begin.AddHours(24), Begin.AddMinutes(712.5)), (certificate.NotBefore, certificate.NotAfter, certificate.RenewAt));
    }

    [Fact]
    public void From_ACertificateWithoutAnIdentity_IsRefused() =>
        Assert.Contains("no SPIFFE identity", Assert.Throws<CryptographicException>(() => WorkloadCertificate.From(_authority.Sign(null, new PublicKey(_key), TimeSpan.FromHours(24)), _key)).Message, StringComparison.Ordinal);

    [Fact]
    public void From_ACertificateOfAnotherKey_IsRefused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = _authority.Sign("spiffe://public/ns/core/alpha", new PublicKey(other), TimeSpan.FromHours(24));
        Assert.Contains("another key", Assert.Throws<CryptographicException>(() => WorkloadCertificate.From(pem, _key)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no PEM")]
    public void From_NoCertificate_IsRefused(string pem) => Assert.Throws<CryptographicException>(() => WorkloadCertificate.From(pem, _key));

    public void Dispose() => _key.Dispose();
}
