using System.Net;
using EdgeMesh.Services.Gateway.Tests.Fixtures;
using EdgeMesh.Testing;

namespace EdgeMesh.Services.Gateway.Tests.MeshDoor;

public sealed class LinkTests
{
    private const string Path = "/mesh/clinic-b/mesh/records/Patient/1";

    [Fact]
    public async Task Get_LinkCutAndMended_FailsFastThenWorksAgain()
    {
        var (authority, issuer) = (new TestMeshAuthority(), new TestIssuer());
        await using var b = await GatewaySite.StartAsync("clinic-b", authority, issuer, [("clinic-a", null)]);
        await using var link = new CuttableLink(b.MeshDoor);
        await using var a = await GatewaySite.StartAsync("clinic-a", authority, issuer, [("clinic-b", link.Url)]);
        using var client = a.LocalClient();

        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync(Path)).StatusCode);
        await link.CutAsync();
        await AssertAwayAsync(client, "site-unreachable", TimeSpan.FromSeconds(2));
        link.Mend();
        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync(Path)).StatusCode);
    }

    [Fact]
    public async Task Get_LinkCutUnderALongPoll_TheWaitEndsAtOnce()
    {
        var (authority, issuer) = (new TestMeshAuthority(), new TestIssuer());
        await using var b = await GatewaySite.StartAsync("clinic-b", authority, issuer, [("clinic-a", null)]);
        await using var link = new CuttableLink(b.MeshDoor);
        await using var a = await GatewaySite.StartAsync("clinic-a", authority, issuer, [("clinic-b", link.Url)]);
        using var client = a.LocalClient();
        var poll = client.AskAsync("/mesh/clinic-b/mesh/records/Slow");
        while (b.Records.Requests.Count == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        var started = TimeProvider.System.GetTimestamp();
        await link.CutAsync();
        using var answer = await poll;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "link-broken"), await answer.FaultAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Get_LinkThatFellSilent_IsFoundByPings()
    {
        var (authority, issuer) = (new TestMeshAuthority(), new TestIssuer());
        await using var b = await GatewaySite.StartAsync("clinic-b", authority, issuer, [("clinic-a", null)]);
        await using var link = new CuttableLink(b.MeshDoor);
        await using var a = await GatewaySite.StartAsync("clinic-a", authority, issuer, [("clinic-b", link.Url)], settings: ("PingSeconds", "1"));
        using var client = a.LocalClient();
        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync(Path)).StatusCode);

        link.Stalled = true;

        await AssertAwayAsync(client, "link-broken", TimeSpan.FromSeconds(6));
    }

    [Fact]
    public async Task Get_NobodyListens_FailsAtOnce()
    {
        var (authority, issuer) = (new TestMeshAuthority(), new TestIssuer());
        await using var a = await GatewaySite.StartAsync("clinic-a", authority, issuer, [("clinic-b", new Uri($"https://127.0.0.1:{LoopbackPorts.Take()}"))]);
        using var client = a.LocalClient();

        await AssertAwayAsync(client, "site-unreachable", TimeSpan.FromSeconds(2));
    }

    private static async Task AssertAwayAsync(HttpClient client, string code, TimeSpan limit)
    {
        var started = TimeProvider.System.GetTimestamp();
        using var answer = await client.AskAsync(Path);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, code), await answer.FaultAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(started), TimeSpan.Zero, limit);
    }
}
