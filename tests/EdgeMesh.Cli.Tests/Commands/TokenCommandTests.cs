using EdgeMesh.Cli.Provisioning;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Cli.Tests.Commands;

public sealed class TokenCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Token_AllOptions_PrintsOnlyTheJwtWithTheClaims()
    {
        MeshProvisioner.Provision(TestMesh.In(folder));

        var result = await RunResult.OfAsync("token", "--user", "pat", "--role", "patient", "--site", "clinic-a", "--scope", "patient/*.rs", "openid",
            "--purpose", "PATRQT", "--patient", "clinic-a-x1", "--expires", "00:10:00", "--topology", Repository.Topology, "--data-dir", folder.File("data"));

        Assert.Equal(0, result.Code);
        Assert.Empty(result.Error);
        var token = new JsonWebToken(result.Output.Trim());
        Assert.Equal("pat", token.Subject);
        Assert.Equal("https://127.0.0.1:7201", Assert.Single(token.Audiences));
        Assert.Equal("patient", token.GetClaim("roles").Value);
        Assert.Equal("patient/*.rs openid", token.GetClaim("scope").Value);
        Assert.Equal("PATRQT", token.GetClaim("purpose").Value);
        Assert.Equal("clinic-a-x1", token.GetClaim("patient").Value);
        Assert.Equal(TimeSpan.FromMinutes(10), token.ValidTo - token.ValidFrom);
    }

    [Fact]
    public async Task Issue_KeySetOfTheSites_VerifiesUntilItExpires()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.Parse("2026-03-01T10:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        var place = TestMesh.In(folder);
        using var issuer = DevelopmentIssuer.OpenOrCreate(place.Data, clock);
        var token = issuer.Issue(place.Topology, TokenRequest.Practitioner("dr", "core"));

        Assert.True((await Validate(issuer, token, clock)).IsValid);
        clock.Advance(TokenRequest.UsualLife + TimeSpan.FromSeconds(1));
        Assert.False((await Validate(issuer, token, clock)).IsValid);
    }

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("2.00:00:00")]
    public async Task Token_ImpossibleLife_IsRefused(string life)
    {
        MeshProvisioner.Provision(TestMesh.In(folder));

        var result = await RunResult.OfAsync("token", "--user", "a", "--role", "admin", "--site", "core", "--expires", life, "--topology", Repository.Topology, "--data-dir", folder.File("data"));

        Assert.Equal(2, result.Code);
        Assert.Contains("24 hours", result.Error, StringComparison.Ordinal);
    }

    private static Task<TokenValidationResult> Validate(DevelopmentIssuer issuer, string token, TimeProvider clock) =>
        new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = DevelopmentIssuer.Name,
            ValidAudience = "https://127.0.0.1:7101",
            IssuerSigningKeys = new JsonWebKeySet(issuer.Jwks()).Keys,
            LifetimeValidator = (from, to, _, _) => from <= clock.GetUtcNow() && to > clock.GetUtcNow(),
        });
}
