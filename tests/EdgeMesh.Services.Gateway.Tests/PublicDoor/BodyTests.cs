using System.Net;
using System.Net.Http.Headers;
using EdgeMesh.Services.Gateway.Limits;
using EdgeMesh.Services.Gateway.Tests.Fixtures;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Gateway.Tests.PublicDoor;

public sealed class BodyTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private const long Huge = 100 * 1024 * 1024;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(65_536, true)]
    [InlineData(300_000, false)]
    [InlineData(SharedSite.BodyLimit, true)]
    public async Task Post_WithinTheLimit_ArrivesWholeAndMeasured(int length, bool announced)
    {
        using var client = shared.Site.Client(shared.Issuer.Token());
        using var content = new ByteArrayContent(new byte[length]) { Headers = { ContentType = new MediaTypeHeaderValue("application/fhir+json") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Patient") { Content = content, Version = HttpVersion.Version11, Headers = { TransferEncodingChunked = !announced } };

        using var answer = await client.SendAsync(request, Cancellation);
        var seen = await answer.SeenAsync();

        Assert.Equal((length, length.ToString(System.Globalization.CultureInfo.InvariantCulture)), (seen.Length, seen.Headers["Content-Length"]));
        Assert.Equal("application/fhir+json", seen.Headers.GetValueOrDefault("Content-Type"));
        Assert.DoesNotContain("Transfer-Encoding", seen.Headers.Keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_100Megabytes_IsRefusedEarly(bool announced)
    {
        using var client = shared.Site.Client(shared.Issuer.Token());
        using var content = new EndlessContent(Huge, announced);

        using var answer = await client.PostAsync("/fhir/Observation", content, Cancellation);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body-too-large"), await answer.FaultAsync());
        Assert.InRange(content.Sent, 0, 8 * SharedSite.BodyLimit);
        Assert.DoesNotContain(shared.Site.Records.Requests, r => r.Target == "/fhir/Observation");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_100MegabytesOverHttp1_TheClientSeesWhy(bool announced)
    {
        using var client = shared.Site.Client(shared.Issuer.Token(), HttpVersion.Version11);
        using var content = new EndlessContent(Huge, announced);

        using var answer = await client.PostAsync("/fhir/Observation", content, Cancellation);

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body-too-large"), await answer.FaultAsync());
    }

    [Fact]
    public async Task Post_ManyTooLargeBodies_AllMemoryComesBack()
    {
        using var client = shared.Site.Client(shared.Issuer.Token());
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var content = new EndlessContent(Huge, announced: false);
            using var answer = await client.PostAsync("/fhir/Observation", content, Cancellation);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        }));

        Assert.True(shared.Site.Host.Services(GatewayApp.AppId).GetRequiredService<BufferBudget>().IsUntouched);
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\n{\"resourceType\":")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n20\r\n{\"resourceType\":")]
    public async Task Post_CutOffHalfway_NeverReachesTheService(string rest)
    {
        await using var door = await RawDoor.OpenAsync(shared.Site.PublicDoor);
        await door.SendAsync(Head("Encounter") + rest);

        await door.EndAsync();
        await door.ReadToEndAsync();

        Assert.DoesNotContain(shared.Site.Records.Requests, r => r.Target == "/fhir/Encounter");
    }

    [Fact]
    public async Task Post_BrokenFraming_IsRefusedAndNeverReachesTheService()
    {
        await using var door = await RawDoor.OpenAsync(shared.Site.PublicDoor);
        await door.SendAsync(Head("Encounter") + "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"broken\r\n");

        var answer = await door.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("body-cut-off", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(shared.Site.Records.Requests, r => r.Target == "/fhir/Encounter");
    }

    [Fact]
    public async Task Post_SmuggledSecondRequest_IsNotReadAsOne()
    {
        await using var door = await RawDoor.OpenAsync(shared.Site.PublicDoor);
        await door.SendAsync(Head("Claim") + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /fhir/Smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n");

        await door.EndAsync();
        await door.ReadToEndAsync();

        Assert.DoesNotContain(shared.Site.Records.Requests, r => r.Target == "/fhir/Smuggled");
    }

    private string Head(string type) =>
        $"POST /fhir/{type} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {shared.Issuer.Token()}\r\nContent-Type: application/fhir+json\r\n";
}
