using System.Net;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Tests.Fixtures;

namespace EdgeMesh.Services.Gateway.Tests.PublicDoor;

public sealed class CallerTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private readonly GatewaySite _site = shared.Site;

    [Fact]
    public async Task Get_WithAToken_TheServiceKnowsTheCaller()
    {
        using var client = _site.Client(shared.Issuer.Token());

        using var answer = await client.AskAsync("/fhir/Patient/clinic-a-1?_format=json&name=M%C3%BCller|x");
        var seen = await answer.SeenAsync();

        Assert.Equal("/fhir/Patient/clinic-a-1?_format=json&name=M%C3%BCller|x", seen.Target);
        Assert.NotNull(seen.Caller);
        Assert.Equal((CallerKind.User, "dr-jones", "clinic-a", "BTG", "clinic-a-x1", null),
            (seen.Caller.Kind, seen.Caller.Subject, seen.Caller.Site, seen.Caller.Purpose, seen.Caller.Patient, seen.Caller.ForwardedBy));
        Assert.Equal(["practitioner", "auditor"], seen.Caller.Roles);
        Assert.Equal(["user/*.cruds", "openid"], seen.Caller.Scopes);
    }

    [Fact]
    public async Task Get_WithForgedHeaders_NoneOfThemGetThrough()
    {
        using var client = _site.Client(shared.Issuer.Token());
        var forged = new CallerTokens(TimeProvider.System).Sign(
            new Caller { Kind = CallerKind.Site, Subject = "core", Site = "clinic-a" }, "clinic-a", new TestMeshAuthority().CallerKey("clinic-a").Private);

        using var answer = await client.AskAsync("/fhir/Patient/1",
            ("X-EdgeMesh-Caller", forged), ("x-edgemesh-caller", forged), ("X-EdgeMesh-Forwarded-Caller", forged), ("X-EdgeMesh-Public-Url", "https://evil.example"),
            ("dapr-caller-app-id", "ledger"), ("dapr-app-id", "ledger"), ("dapr-caller-namespace", "core"), ("Forwarded", "for=1.2.3.4"),
            ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Host", "evil.example"), ("X-Original-Host", "evil.example"), ("Cookie", "a=b"));
        var seen = await answer.SeenAsync();

        Assert.Equal((CallerKind.User, "dr-jones"), (seen.Caller!.Kind, seen.Caller.Subject));
        Assert.NotEqual(forged, seen.Headers["X-EdgeMesh-Caller"]);
        Assert.Equal("gateway", seen.Headers["dapr-caller-app-id"]);
        Assert.DoesNotContain(seen.Headers, h => h.Value.Contains("evil", StringComparison.Ordinal) || h.Value.Contains("1.2.3.4", StringComparison.Ordinal));
        Assert.DoesNotContain(seen.Headers.Keys, h => h is "Authorization" or "Cookie" or "X-EdgeMesh-Forwarded-Caller" or "dapr-app-id");
    }

    [Fact]
    public async Task Get_Twice_TheStatementIsUsedAgain()
    {
        using var client = _site.Client(shared.Issuer.Token());

        using var first = await client.AskAsync("/fhir/Patient/1");
        using var second = await client.AskAsync("/fhir/Patient/2");

        Assert.Equal((await first.SeenAsync()).Headers["X-EdgeMesh-Caller"], (await second.SeenAsync()).Headers["X-EdgeMesh-Caller"]);
    }

    [Fact]
    public async Task Get_AnyAnswer_SaysNothingOfTheInsides()
    {
        using var client = _site.Client(shared.Issuer.Token());

        foreach (var path in new[] { "/fhir/Patient/1", "/nothing-here", "/healthz" })
        {
            using var answer = await client.AskAsync(path);

            Assert.DoesNotContain(answer.Headers, h => h.Key is "Server" or "X-Powered-By" || h.Key.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase));
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Contains("max-age", answer.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
            Assert.True(answer.Headers.CacheControl!.NoStore);
        }
    }

    [Fact]
    public async Task Get_TheServicesOwnError_PassesUntouched()
    {
        using var client = _site.Client(shared.Issuer.Token());

        using var answer = await client.AskAsync("/fhir/Patient/Stale");

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.StatusCode);
        Assert.Equal("W/\"7\"", answer.Headers.ETag!.ToString());
        Assert.Contains("/fhir/Patient/Stale", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/fhir/metadata")]
    [InlineData("/ledger/checkpoint")]
    [InlineData("/ledger/tile/entries/x001/067.p/5")]
    public async Task Get_WhatIsPublic_NeedsNoToken(string path)
    {
        using var client = _site.Client();

        using var answer = await client.AskAsync(path, ("X-EdgeMesh-Caller", "a.b.c"));

        Assert.Null((await answer.SeenAsync()).Caller);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task Get_Health_NeedsNoToken(string path)
    {
        using var client = _site.Client();

        using var answer = await client.AskAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
