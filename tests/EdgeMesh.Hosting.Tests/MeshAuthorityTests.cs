using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Hosting.Tests;

public sealed class MeshAuthorityTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void SiteOf_ACertificateOfThisAuthority_IsTheSite()
    {
        var authority = MeshAuthority.CreateAuthority("mesh", _clock);

        Assert.Equal("clinic-a", SiteOf(Certificate(authority, "clinic-a"), authority.Certificate));
    }

    [Fact]
    public void SiteOf_ACertificateOfAnotherAuthorityOfThatName_IsNobody()
    {
        var (ours, theirs) = (MeshAuthority.CreateAuthority("mesh", _clock), MeshAuthority.CreateAuthority("mesh", _clock));

        Assert.Null(SiteOf(Certificate(theirs, "clinic-a"), ours.Certificate));
    }

    [Fact]
    public void SiteOf_AfterTwoYears_IsNobody()
    {
        var authority = MeshAuthority.CreateAuthority("mesh", _clock);
        var certificate = Certificate(authority, "clinic-a");

        _clock.Advance(TimeSpan.FromDays(731));

        Assert.Null(SiteOf(certificate, authority.Certificate));
    }

    [Fact]
    public void SiteOf_TheAuthorityItself_IsNobody()
    {
        var authority = MeshAuthority.CreateAuthority("mesh", _clock);

        Assert.Null(SiteOf(authority.Certificate, authority.Certificate));
    }

    private string Certificate((string Certificate, string PrivateKey) authority, string site) =>
        MeshAuthority.CreateSite(authority.Certificate, authority.PrivateKey, site, [], _clock).Certificate;

    private string? SiteOf(string certificate, string authority)
    {
        using var own = X509Certificate2.CreateFromPem(certificate);
        using var root = X509Certificate2.CreateFromPem(authority);
        return MeshAuthority.SiteOf(own, root, _clock);
    }
}
