using System.Net;
using EdgeMesh.Services.Gateway.Tests.Fixtures;

namespace EdgeMesh.Services.Gateway.Tests.PublicDoor;

public sealed class LimitTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_WhileAsManyAreUnderWay_IsToldToComeBack()
    {
        var issuer = new TestIssuer();
        await using var site = await GatewaySite.StartAsync("clinic-a", new TestMeshAuthority(), issuer, settings: ("Concurrency", "1"));
        using var client = site.Client(issuer.Token());
        var slow = client.AskAsync("/fhir/Patient/Slow");
        await WaitUntilAsync(() => site.Records.Requests.Any(r => r.Target.EndsWith("Slow", StringComparison.Ordinal)));

        using var refused = await client.AskAsync("/fhir/Patient/1");
        site.Records.Gate.SetResult();
        using var first = await slow;
        using var later = await client.AskAsync("/fhir/Patient/1");

        Assert.Equal((HttpStatusCode.TooManyRequests, "too-many-requests"), await refused.FaultAsync());
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, later.StatusCode));
    }

    [Fact]
    public async Task Get_ServiceThatDoesNotAnswer_TimesOut()
    {
        var issuer = new TestIssuer();
        await using var site = await GatewaySite.StartAsync("clinic-a", new TestMeshAuthority(), issuer, settings: ("RequestSeconds", "1"));
        using var client = site.Client(issuer.Token());

        using var answer = await client.AskAsync("/fhir/Patient/Slow");

        Assert.Equal((HttpStatusCode.GatewayTimeout, "request-timeout"), await answer.FaultAsync());
    }

    [Fact]
    public async Task Get_ServiceAway_IsUnavailableUntilItReturns()
    {
        var issuer = new TestIssuer();
        await using var site = await GatewaySite.StartAsync("clinic-a", new TestMeshAuthority(), issuer);
        using var client = site.Client(issuer.Token());

        await site.Host.StopAppAsync("records");
        using var away = await client.AskAsync("/fhir/Patient/1");
        using var outside = await client.AskAsync("/receipts/1");
        await site.Host.StartAppAsync("records", Cancellation);
        using var back = await client.AskAsync("/fhir/Patient/1");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service-unavailable"), await away.FaultAsync());
        Assert.NotNull(away.Headers.RetryAfter);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "service-unavailable"), await outside.FaultAsync());
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
    }

    [Fact]
    public async Task Post_WhenAllBufferIsTaken_IsToldToComeBack()
    {
        var issuer = new TestIssuer();
        await using var site = await GatewaySite.StartAsync("clinic-a", new TestMeshAuthority(), issuer, settings: [("BodyLimit", "100000"), ("BufferLimit", "100000")]);
        using var client = site.Client(issuer.Token());
        using var small = new ByteArrayContent(new byte[10_000]);
        using var large = new ByteArrayContent(new byte[100_000]);

        using var taken = await client.PostAsync("/fhir/Patient", small, Cancellation);
        using var refused = await client.PostAsync("/fhir/Patient", large, Cancellation);

        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal((HttpStatusCode.TooManyRequests, "too-many-requests"), await refused.FaultAsync());
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        }
    }
}
