using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Tests.Fixtures;

namespace EdgeMesh.Services.Gateway.Tests.MeshDoor;

public sealed class TwoSitesTests(TwoSites sites) : IClassFixture<TwoSites>
{
    private static readonly Caller Clinician = new() { Kind = CallerKind.User, Subject = "dr-jones", Site = "clinic-a", Roles = ["practitioner"], Scopes = ["user/*.rs"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly CallerTokens _tokens = new(TimeProvider.System);

    [Theory]
    [InlineData("/mesh/clinic-b/mesh/records/Patient/1?a=b", "/mesh/records/Patient/1?a=b")]
    [InlineData("/mesh/clinic-b/mesh/feed/clinic-b.records.changes?after=1.2.3&wait=30", "/mesh/feed/clinic-b.records.changes?after=1.2.3&wait=30")]
    public async Task Get_AnotherSitesService_KnowsTheSite(string sent, string arrived)
    {
        using var client = sites.A.LocalClient();

        using var answer = await client.AskAsync(sent);
        var seen = await answer.SeenAsync();

        Assert.Equal(arrived, seen.Target);
        Assert.Equal((CallerKind.Site, "clinic-a", "clinic-a"), (seen.Caller!.Kind, seen.Caller.Subject, seen.Caller.Site));
        Assert.Contains(sites.B.Records.Requests, r => r.Target == arrived);
    }

    [Fact]
    public async Task Get_Ledger_ReachesTheLedger()
    {
        using var client = sites.A.LocalClient();

        using var answer = await client.AskAsync("/mesh/clinic-b/mesh/ledger/checkpoint");

        Assert.Equal("/mesh/ledger/checkpoint", (await answer.SeenAsync()).Target);
        Assert.Contains(sites.B.Ledger.Requests, r => r.Target == "/mesh/ledger/checkpoint");
    }

    [Fact]
    public async Task Get_ForAUser_TheOtherSiteKnowsTheUserAndWhoForwards()
    {
        using var client = sites.A.LocalClient();

        using var answer = await client.AskAsync("/mesh/clinic-b/mesh/records/Patient/2", (CallerTokens.Header, Sign(Clinician, "clinic-a")));
        var caller = (await answer.SeenAsync()).Caller!;

        Assert.Equal((CallerKind.User, "dr-jones", "clinic-a", "clinic-a"), (caller.Kind, caller.Subject, caller.Site, caller.ForwardedBy));
        Assert.Equal(["practitioner"], caller.Roles);
    }

    [Fact]
    public async Task Get_ForAUserOfAnotherSite_IsNotPassedOn()
    {
        using var client = sites.A.LocalClient();
        var site = new Caller { Kind = CallerKind.Site, Subject = "clinic-b", Site = "clinic-b" };

        using var answer = await client.AskAsync("/mesh/clinic-b/mesh/records/Patient/3", (CallerTokens.Header, Sign(site, "clinic-a")));

        Assert.Equal((HttpStatusCode.Forbidden, "caller-not-forwardable"), await answer.FaultAsync());
    }

    [Fact]
    public async Task Get_WithAForgedCallerToken_IsRefusedByTheOwnGateway()
    {
        using var client = sites.A.LocalClient();

        using var answer = await client.AskAsync("/mesh/clinic-b/mesh/records/Patient/3", (CallerTokens.Header, Sign(Clinician, "clinic-b")));

        Assert.Equal((HttpStatusCode.Unauthorized, "caller-token-invalid"), await answer.FaultAsync());
    }

    [Fact]
    public async Task MeshDoor_APeersOwnWords_DoNotGetThrough()
    {
        using var peer = sites.B.MeshClient(sites.Authority.ClientCertificate("clinic-a"));
        var core = new Caller { Kind = CallerKind.Site, Subject = "core", Site = "core" };

        using var answer = await peer.AskAsync("/mesh/records/Patient/4",
            (CallerTokens.Header, Sign(core, "clinic-b")), ("X-EdgeMesh-Site", "core"), ("dapr-caller-app-id", "ledger"), ("Forwarded", "for=core"));
        var seen = await answer.SeenAsync();

        Assert.Equal((CallerKind.Site, "clinic-a"), (seen.Caller!.Kind, seen.Caller.Subject));
        Assert.Equal("gateway", seen.Headers["dapr-caller-app-id"]);
        Assert.DoesNotContain("X-EdgeMesh-Site", seen.Headers.Keys);
        // The site's own sidecar states Forwarded anew, as daprd does; the peer's word must not be in it.
        Assert.DoesNotContain(seen.Headers, h => h.Key == "Forwarded" && h.Value.Contains("for=core", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("clinic-b", "clinic-b")] // signed by the wrong site
    [InlineData("clinic-a", "clinic-b")] // a user that the peer did not verify itself
    public async Task MeshDoor_AForwardedUserThatIsNotThePeers_IsRefused(string signer, string home)
    {
        using var peer = sites.B.MeshClient(sites.Authority.ClientCertificate("clinic-a"));

        using var answer = await peer.AskAsync("/mesh/records/Patient/5", (CallerTokens.ForwardedHeader, Sign(Clinician with { Site = home }, signer)));

        Assert.Equal((HttpStatusCode.Unauthorized, "caller-token-invalid"), await answer.FaultAsync());
    }

    [Fact]
    public async Task MeshDoor_AnAnnouncement_IsPublishedAtThisSite()
    {
        using var client = sites.A.LocalClient();
        using var content = new StringContent("""{"specversion":"1.0","id":"1","source":"a","type":"t","datacontenttype":"application/json","data":{"journal":"clinic-a.records.changes","head":"1.42.0"}}""");
        content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json");

        using var answer = await client.PostAsync("mesh/clinic-b/mesh/wan/journals", content, Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        while (!sites.B.Ledger.Requests.Any(r => r.Target == "/wan-journals"))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Cancellation);
        }

        Assert.DoesNotContain(sites.A.Ledger.Requests, r => r.Target == "/wan-journals");
    }

    [Theory]
    [InlineData("/fhir/Patient")]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/mesh/peers")]
    [InlineData("/mesh/core/mesh/records/x")]
    [InlineData("/mesh/feed/clinic-b.gateway.changes")]
    [InlineData("/mesh/feed/clinic-b.records")]
    [InlineData("/mesh/wan/journals")]
    [InlineData("/add")]
    public async Task MeshDoor_AnythingElse_IsUnknown(string path)
    {
        using var peer = sites.B.MeshClient(sites.Authority.ClientCertificate("clinic-a"));

        using var answer = await peer.AskAsync(path);

        Assert.Equal((HttpStatusCode.NotFound, "route-unknown"), await answer.FaultAsync());
    }

    [Theory]
    [InlineData("POST", "/mesh/records/fhir/Consent")]
    [InlineData("PUT", "/mesh/records/fhir/Patient/1")]
    [InlineData("PATCH", "/mesh/records/fhir/Patient/1")]
    [InlineData("DELETE", "/mesh/records/fhir/Patient/1")]
    [InlineData("POST", "/mesh/records/fhir")]
    public async Task MeshDoor_AWriteOfRecords_DoesNotReachThem(string method, string path)
    {
        using var peer = sites.B.MeshClient(sites.Authority.ClientCertificate("clinic-a"));
        using var write = new HttpRequestMessage(new HttpMethod(method), new Uri(peer.BaseAddress!, path))
        {
            Version = peer.DefaultRequestVersion,
            VersionPolicy = peer.DefaultVersionPolicy,
            Content = new StringContent("{}"),
        };
        write.Headers.Add(CallerTokens.ForwardedHeader, Sign(Clinician, "clinic-a"));

        using var answer = await peer.SendAsync(write, Cancellation);

        Assert.Equal((HttpStatusCode.NotFound, "route-unknown"), await answer.FaultAsync());
        Assert.DoesNotContain(sites.B.Records.Requests, r => r.Target == path);
    }

    [Fact]
    public async Task Get_Peers_NamesTheSitesWithALink()
    {
        using var client = sites.A.LocalClient();

        using var answer = await client.AskAsync("/mesh/peers");

        Assert.Equal(["clinic-b", "clinic-c"], JsonSerializer.Deserialize<string[]>(await answer.Content.ReadAsStringAsync(Cancellation))!);
    }

    [Theory]
    [InlineData("/mesh/clinic-x/mesh/records/1", HttpStatusCode.NotFound, "site-unknown")]
    [InlineData("/mesh/clinic-a/mesh/records/1", HttpStatusCode.NotFound, "site-unknown")]
    [InlineData("/mesh/core/mesh/records/1", HttpStatusCode.ServiceUnavailable, "site-unreachable")]
    [InlineData("/mesh/clinic-b/fhir/Patient", HttpStatusCode.NotFound, "route-unknown")]
    [InlineData("/mesh/clinic-b", HttpStatusCode.NotFound, "route-unknown")]
    public async Task Get_WhatIsNotThere_SaysWhat(string path, HttpStatusCode status, string code)
    {
        using var client = sites.A.LocalClient();

        using var answer = await client.AskAsync(path);

        Assert.Equal((status, code), await answer.FaultAsync());
    }

    [Fact]
    public async Task Get_ASiteAtAnothersAddress_IsNotTrusted()
    {
        using var client = sites.A.LocalClient();

        using var answer = await client.AskAsync("/mesh/clinic-c/mesh/records/Patient/6");

        Assert.Equal((HttpStatusCode.BadGateway, "site-not-trusted"), await answer.FaultAsync());
        Assert.DoesNotContain(sites.B.Records.Requests, r => r.Target == "/mesh/records/Patient/6");
    }

    [Fact]
    public async Task AppListener_WithoutTheSidecarsToken_IsRefused()
    {
        using var direct = sites.A.Host.AppClient(GatewayApp.AppId);
        direct.DefaultRequestHeaders.Remove("dapr-api-token");

        using var answer = await direct.AskAsync("/mesh/clinic-b/mesh/records/Patient/7");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private string Sign(Caller caller, string site) => _tokens.Sign(caller, site, sites.Authority.CallerKey(site).Private);
}
