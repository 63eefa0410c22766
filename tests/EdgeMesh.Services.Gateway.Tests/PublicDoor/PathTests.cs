using System.Net;
using EdgeMesh.Services.Gateway.Tests.Fixtures;

namespace EdgeMesh.Services.Gateway.Tests.PublicDoor;

public sealed class PathTests(SharedSite shared) : IClassFixture<SharedSite>
{
    [Theory]
    [InlineData("/fhir/../mesh/peers")]
    [InlineData("/fhir/..")]
    [InlineData("/fhir/./Patient")]
    [InlineData("/fhir//Patient")]
    [InlineData("//fhir/Patient")]
    [InlineData("/fhir/a%2Fb")]
    [InlineData("/fhir/%2e%2e/mesh/peers")]
    [InlineData("/%66hir/Patient")]
    [InlineData("/fhir/Patient;a=b")]
    [InlineData("/fhir/Patient|1")]
    [InlineData("/fhir/Patient/1%23")]
    [InlineData("/healthz/../fhir/..;/x")]
    public async Task Get_PathThatInvocationCouldRewrite_IsRefused(string path)
    {
        var before = shared.Site.Records.Requests.Count + shared.Site.Ledger.Requests.Count;
        using var client = shared.Site.Client(shared.Issuer.Token(), HttpVersion.Version11);

        using var answer = await client.AskAsync(path);

        Assert.Equal((HttpStatusCode.BadRequest, "path-not-allowed"), await answer.FaultAsync());
        Assert.Equal(before, shared.Site.Records.Requests.Count + shared.Site.Ledger.Requests.Count);
    }

    [Fact]
    public async Task Get_NullInThePath_IsRefusedByTheServer()
    {
        using var client = shared.Site.Client(shared.Issuer.Token(), HttpVersion.Version11);

        using var answer = await client.AskAsync("/fhir/Patient%00");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/mesh/peers")]
    [InlineData("/mesh/clinic-b/mesh/records/Patient/1")]
    [InlineData("/mesh/feed/clinic-a.records.changes")]
    [InlineData("/mesh/wan/journals")]
    [InlineData("/dapr/config")]
    [InlineData("/dapr/subscribe")]
    [InlineData("/v1.0/invoke/records/method/fhir/Patient")]
    [InlineData("/add")]
    [InlineData("/fhirx")]
    [InlineData("/receipts/")]
    [InlineData("/receipts/1/2")]
    [InlineData("/ledger")]
    [InlineData("/HEALTHZ/x")]
    public async Task Get_WhatThisDoorDoesNotServe_IsUnknown(string path)
    {
        using var client = shared.Site.Client(shared.Issuer.Token());

        using var answer = await client.AskAsync(path);

        Assert.Equal((HttpStatusCode.NotFound, "route-unknown"), await answer.FaultAsync());
    }

    [Theory]
    [InlineData("/fhir")]
    [InlineData("/fhir/Patient/clinic-a-1/$everything")]
    [InlineData("/fhir/Observation/_search?a=..%2f..%2f&b=/../x")]
    [InlineData("/receipts/1.42.0")]
    public async Task Get_PlainPath_ArrivesAsItWasSent(string target)
    {
        using var client = shared.Site.Client(shared.Issuer.Token());

        using var answer = await client.AskAsync(target);

        Assert.Equal(target, (await answer.SeenAsync()).Target);
    }

    /// <summary>Invocation drops the slash at the end, on both engines; FHIR takes bundles at both.</summary>
    [Fact]
    public async Task Get_SlashAtTheEnd_ArrivesWithoutIt()
    {
        using var client = shared.Site.Client(shared.Issuer.Token());

        using var answer = await client.AskAsync("/fhir/");

        Assert.Equal("/fhir", (await answer.SeenAsync()).Target);
    }

    [Theory]
    [InlineData("POST", "/receipts/1", "GET, HEAD")]
    [InlineData("DELETE", "/ledger/checkpoint", "GET, HEAD")]
    [InlineData("POST", "/fhir/metadata", "GET, HEAD")]
    [InlineData("OPTIONS", "/fhir/Patient", "GET, HEAD, POST, PUT, PATCH, DELETE")]
    public async Task Send_AMethodThatTheRouteLacks_IsRefused(string method, string path, string allowed)
    {
        using var client = shared.Site.Client(shared.Issuer.Token());

        using var answer = await client.SendAsync(
            new HttpRequestMessage(new HttpMethod(method), path) { Version = HttpVersion.Version20 }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal(allowed, string.Join(", ", answer.Content.Headers.Allow));
    }

    [Fact]
    public async Task Upgrade_ToAWebSocket_IsNotOffered()
    {
        using var client = shared.Site.Client(shared.Issuer.Token(), HttpVersion.Version11);

        using var answer = await client.AskAsync("/fhir/Patient/1", ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="));

        Assert.DoesNotContain((await answer.SeenAsync()).Headers.Keys, h => h.Equals("Upgrade", StringComparison.OrdinalIgnoreCase));
    }
}
