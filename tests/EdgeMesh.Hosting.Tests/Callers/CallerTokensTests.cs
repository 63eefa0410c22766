using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Hosting.Tests.Callers;

public sealed class CallerTokensTests
{
    private static readonly CallerKeys Site = CallerKeys.Create();

    private static readonly Caller Clinician = new()
    {
        Kind = CallerKind.User,
        Subject = "dr-jones",
        Site = "clinic-a",
        Roles = ["practitioner", "auditor"],
        Scopes = ["user/*.cruds", "patient/Observation.rs?category=vital-signs"],
        Purpose = "BTG",
        Patient = "clinic-a-x1",
        ForwardedBy = "clinic-b",
    };

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2031, 5, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly CallerTokens _tokens;

    public CallerTokensTests() => _tokens = new CallerTokens(_clock);

    [Fact]
    public async Task Verify_SignedByTheSite_GivesBackEveryField()
    {
        var caller = await _tokens.VerifyAsync(_tokens.Sign(Clinician, "clinic-a", Site.Private), "clinic-a", Site.Public);

        Assert.NotNull(caller);
        Assert.Equal(Clinician with { Roles = caller.Roles, Scopes = caller.Scopes }, caller);
        Assert.Equal(Clinician.Roles, caller.Roles);
        Assert.Equal(Clinician.Scopes, caller.Scopes);
    }

    [Fact]
    public async Task Verify_CallerWithoutOptionalFields_LeavesThemEmpty()
    {
        var site = new Caller { Kind = CallerKind.Site, Subject = "clinic-b", Site = "clinic-b" };

        var caller = await _tokens.VerifyAsync(_tokens.Sign(site, "clinic-a", Site.Private), "clinic-a", Site.Public);

        Assert.NotNull(caller);
        Assert.Equal((CallerKind.Site, "clinic-b", "TREAT"), (caller.Kind, caller.Subject, caller.Purpose));
        Assert.Empty(caller.Roles);
        Assert.Empty(caller.Scopes);
        Assert.Null(caller.Patient);
        Assert.Null(caller.ForwardedBy);
    }

    [Fact]
    public async Task Verify_SameTokenAgain_AnswersFromTheCacheUntilItExpires()
    {
        var token = _tokens.Sign(Clinician, "clinic-a", Site.Private);

        var first = await _tokens.VerifyAsync(token, "clinic-a", Site.Public);
        Assert.Same(first, await _tokens.VerifyAsync(token, "clinic-a", Site.Public));

        _clock.Advance(TimeSpan.FromSeconds(91));
        Assert.Null(await _tokens.VerifyAsync(token, "clinic-a", Site.Public));
    }

    [Theory]
    [InlineData(89, true)]
    [InlineData(91, false)]
    public async Task Verify_AfterAMinute_HoldsForTheSkewAndNoLonger(int seconds, bool good)
    {
        var token = _tokens.Sign(Clinician, "clinic-a", Site.Private);

        _clock.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(good, await _tokens.VerifyAsync(token, "clinic-a", Site.Public) is not null);
    }

    [Theory]
    [InlineData(29, true)]
    [InlineData(31, false)]
    public async Task Verify_FromAClockAhead_HoldsForTheSkewAndNoLonger(int seconds, bool good)
    {
        var ahead = new CallerTokens(new FakeTimeProvider(_clock.GetUtcNow().AddSeconds(seconds)));

        var token = ahead.Sign(Clinician, "clinic-a", Site.Private);

        Assert.Equal(good, await _tokens.VerifyAsync(token, "clinic-a", Site.Public) is not null);
    }

    [Fact]
    public async Task Verify_SignedWithAnotherSitesKey_IsRefused()
    {
        var token = _tokens.Sign(Clinician, "clinic-a", CallerKeys.Create().Private);

        Assert.Null(await _tokens.VerifyAsync(token, "clinic-a", Site.Public));
    }

    [Fact]
    public async Task Verify_OfAnotherIssuer_IsRefused()
    {
        var token = _tokens.Sign(Clinician, "clinic-b", Site.Private);

        Assert.Null(await _tokens.VerifyAsync(token, "clinic-a", Site.Public));
    }

    [Fact]
    public async Task Verify_ClaimsChangedAfterSigning_IsRefused()
    {
        var parts = _tokens.Sign(Clinician, "clinic-a", Site.Private).Split('.');
        var claims = Base64UrlEncoder.Decode(parts[1]).Replace("dr-jones", "dr-smith", StringComparison.Ordinal);

        Assert.Null(await _tokens.VerifyAsync($"{parts[0]}.{Base64UrlEncoder.Encode(claims)}.{parts[2]}", "clinic-a", Site.Public));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("ES256")]
    public async Task Verify_Unsigned_IsRefused(string algorithm)
    {
        var claims = _tokens.Sign(Clinician, "clinic-a", Site.Private).Split('.')[1];

        Assert.Null(await _tokens.VerifyAsync($"{Base64UrlEncoder.Encode($$"""{"alg":"{{algorithm}}","typ":"JWT"}""")}.{claims}.", "clinic-a", Site.Public));
    }

    [Fact]
    public async Task Verify_HmacUnderThePublicKey_IsRefused()
    {
        var claims = _tokens.Sign(Clinician, "clinic-a", Site.Private).Split('.')[1];
        var signed = $"{Base64UrlEncoder.Encode("""{"alg":"HS256","typ":"JWT"}""")}.{claims}";
        var mac = HMACSHA256.HashData(Encoding.UTF8.GetBytes(Site.Public), Encoding.ASCII.GetBytes(signed));

        Assert.Null(await _tokens.VerifyAsync($"{signed}.{Base64UrlEncoder.Encode(mac)}", "clinic-a", Site.Public));
    }

    [Theory]
    [InlineData("aud", "somebody-else")]
    [InlineData("kind", "17")]
    [InlineData("kind", "Root")]
    [InlineData("sub", null)]
    [InlineData("exp", null)]
    public async Task Verify_WithAWrongOrMissingClaim_IsRefused(string claim, string? value)
    {
        Assert.NotNull(await _tokens.VerifyAsync(Sign(Claims()), "clinic-a", Site.Public));
        var claims = Claims();
        claims.Remove(claim);
        if (value is not null)
        {
            claims[claim] = value;
        }

        Assert.Null(await _tokens.VerifyAsync(Sign(claims), "clinic-a", Site.Public));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a.b.c")]
    [InlineData("not a token")]
    public async Task Verify_NotAToken_IsRefused(string token) =>
        Assert.Null(await _tokens.VerifyAsync(token, "clinic-a", Site.Public));

    [Fact]
    public async Task Verify_Huge_IsRefusedUnread() =>
        Assert.Null(await _tokens.VerifyAsync(_tokens.Sign(Clinician with { Subject = new string('x', 20_000) }, "clinic-a", Site.Private), "clinic-a", Site.Public));

    private Dictionary<string, object> Claims() => new()
    {
        ["iss"] = "clinic-a",
        ["aud"] = "edgemesh",
        ["sub"] = "dr-jones",
        ["kind"] = "User",
        ["site"] = "clinic-a",
        ["exp"] = _clock.GetUtcNow().AddSeconds(30).ToUnixTimeSeconds(),
    };

    private static string Sign(Dictionary<string, object> claims)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(Site.Private);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(key), SecurityAlgorithms.EcdsaSha256)
            {
                CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
            },
        });
    }
}
