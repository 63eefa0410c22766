using System.Net;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Services.Gateway.Tests.Fixtures;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Services.Gateway.Tests.PublicDoor;

public sealed class TokenTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private readonly TestIssuer _issuer = shared.Issuer;

    [Fact]
    public async Task Get_WithoutAToken_IsRefusedWithAChallenge()
    {
        using var client = shared.Site.Client();

        using var answer = await client.AskAsync("/fhir/Patient/1");

        Assert.Equal((HttpStatusCode.Unauthorized, "token-missing"), await answer.FaultAsync());
        Assert.Equal("Bearer realm=\"edgemesh\"", answer.Headers.WwwAuthenticate.ToString());
        Assert.Equal("application/fhir+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Get_OutsideFhir_TheRefusalIsProblemDetails()
    {
        using var client = shared.Site.Client();

        using var answer = await client.AskAsync("/receipts/1.42.0");

        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal((HttpStatusCode.Unauthorized, "token-missing"), await answer.FaultAsync());
    }

    [Fact]
    public async Task Get_WithAKeyOfEachType_IsTaken()
    {
        foreach (var token in new[] { _issuer.Token(), _issuer.SignRsa(TestIssuer.Claims()), _issuer.SignEdwards(TestIssuer.Claims()) })
        {
            using var client = shared.Site.Client(token);
            using var answer = await client.AskAsync("/fhir/Patient/1");

            Assert.Equal("dr-jones", (await answer.SeenAsync()).Caller!.Subject);
        }
    }

    [Fact]
    public async Task Get_OfAnIssuerWithItsOwnKey_IsTaken()
    {
        using var client = shared.Site.Client(_issuer.SignAsOther(With("iss", TestIssuer.OtherName)));

        using var answer = await client.AskAsync("/fhir/Patient/1");

        Assert.NotNull((await answer.SeenAsync()).Caller);
    }

    [Fact]
    public async Task Get_OneIssuerForAnother_IsRefused()
    {
        await AssertRefusedAsync(_issuer.SignAsOther(TestIssuer.Claims()), "token-forged");
        await AssertRefusedAsync(_issuer.Sign(With("iss", TestIssuer.OtherName)), "token-forged");
    }

    [Fact]
    public async Task Get_Forged_IsRefused()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var good = _issuer.Token().Split('.');
        var edited = Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(good[1]).Replace("dr-jones", "dr-smith", StringComparison.Ordinal));
        var mac = TestIssuer.Unsigned("""{"alg":"HS256","kid":"ec"}""", TestIssuer.Claims());

        await AssertRefusedAsync(TestIssuer.Sign(TestIssuer.Claims(), new ECDsaSecurityKey(stranger) { KeyId = "ec" }, SecurityAlgorithms.EcdsaSha256), "token-forged");
        await AssertRefusedAsync($"{good[0]}.{edited}.{good[2]}", "token-forged");
        await AssertRefusedAsync(TestIssuer.Unsigned("""{"alg":"none"}""", TestIssuer.Claims()) + ".", "token-forged");
        await AssertRefusedAsync($"{mac}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(_issuer.Jwks), Encoding.ASCII.GetBytes(mac)))}", "token-forged");
        await AssertRefusedAsync(_issuer.SignRsa(TestIssuer.Claims(), SecurityAlgorithms.RsaSsaPssSha256), "token-forged");
        await AssertRefusedAsync(_issuer.SignEdwards(TestIssuer.Claims())[..^8] + "AAAAAAAA", "token-forged");
    }

    [Theory]
    [InlineData("iss", "https://stranger.example.org", "token-wrong-issuer")]
    [InlineData("aud", "https://clinic-b.example.org", "token-wrong-audience")]
    [InlineData("site", "clinic-b core", "token-wrong-site")]
    [InlineData("exp", -31L, "token-expired")]
    [InlineData("nbf", 31L, "token-not-yet-valid")]
    [InlineData("sub", null, "token-malformed")]
    [InlineData("exp", null, "token-malformed")]
    [InlineData("iss", null, "token-wrong-issuer")]
    public async Task Get_WithAWrongClaim_IsRefusedByName(string claim, object? value, string code) => await AssertRefusedAsync(_issuer.Sign(With(claim, value)), code);

    [Theory]
    [InlineData("exp", -25L)]
    [InlineData("nbf", 25L)]
    [InlineData("site", "core clinic-a")]
    [InlineData("aud", GatewaySite.PublicUrl + "/")]
    public async Task Get_WithinWhatIsAllowed_IsTaken(string claim, object value)
    {
        using var client = shared.Site.Client(_issuer.Sign(With(claim, value)));

        using var answer = await client.AskAsync("/fhir/Patient/1");

        Assert.NotNull((await answer.SeenAsync()).Caller);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("a.b.c")]
    [InlineData("..")]
    [InlineData("a.b.c.d.e")]
    public async Task Get_NoToken_IsRefused(string token) => await AssertRefusedAsync(token, "token-malformed");

    [Fact]
    public async Task Get_HugeToken_IsRefused() => await AssertRefusedAsync(_issuer.Sign(With("sub", new string('x', 10_000))), "token-malformed");

    [Theory]
    [InlineData("/fhir/Patient/1", "user/Observation.cruds")]
    [InlineData("/fhir/Patient", "user/Patient.r")]
    [InlineData("/fhir/Patient/1/_history/3", "user/Patient.s")]
    [InlineData("/fhir/Patient/1/$everything", "openid")]
    [InlineData("/fhir", "user/Patient.c")]
    public async Task Get_OutsideTheScopes_IsRefusedBeforeTheService(string path, string scope)
    {
        var before = shared.Site.Records.Requests.Count(r => r.Target == path);
        using var client = shared.Site.Client(_issuer.Token(scope));

        using var answer = await client.AskAsync(path);

        Assert.Equal((HttpStatusCode.Forbidden, "scope-missing"), await answer.FaultAsync());
        Assert.Equal(before, shared.Site.Records.Requests.Count(r => r.Target == path));
    }

    [Theory]
    [InlineData("practitioner", "user/*.cruds", HttpStatusCode.Forbidden)]
    [InlineData("practitioner", "user/AuditEvent.r", HttpStatusCode.Forbidden)]
    [InlineData("practitioner", "system/AuditEvent.r", HttpStatusCode.OK)]
    [InlineData("auditor", "openid", HttpStatusCode.OK)]
    public async Task Get_LedgerProof_IsForAuditors(string role, string scope, HttpStatusCode status)
    {
        var claims = TestIssuer.Claims(scope);
        claims["roles"] = role;
        using var client = shared.Site.Client(_issuer.Sign(claims));

        using var answer = await client.AskAsync("/ledger/proof/12");

        Assert.Equal(status, answer.StatusCode);
    }

    private async Task AssertRefusedAsync(string token, string code)
    {
        using var client = shared.Site.Client();

        using var answer = await client.AskAsync("/fhir/Patient/refused", ("Authorization", "Bearer " + token));

        Assert.Equal((HttpStatusCode.Unauthorized, code), await answer.FaultAsync());
        Assert.Contains("invalid_token", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(shared.Site.Records.Requests, r => r.Target == "/fhir/Patient/refused");
    }

    private static Dictionary<string, object> With(string claim, object? value)
    {
        var claims = TestIssuer.Claims();
        claims.Remove(claim);
        if (value is not null)
        {
            claims[claim] = value is long seconds ? TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds() : value;
        }

        return claims;
    }
}
