using EdgeMesh.Services.Gateway.PublicDoor;

namespace EdgeMesh.Services.Gateway.Tests.PublicDoor;

public sealed class MonitorRouteTests
{
    [Theory]
    [InlineData("/monitor/logs", "GET HEAD")]
    [InlineData("/monitor/alerts", "GET HEAD")]
    [InlineData("/monitor/silences", "GET HEAD POST DELETE")]
    [InlineData("/monitor/silences/4f0c", "GET HEAD POST DELETE")]
    public void Find_PathOfTheMonitor_LeadsToTheServiceWithItsMethods(string path, string methods)
    {
        var route = PublicRoute.Find(path)!;

        Assert.Equal(("monitor", RouteAccess.Token, methods), (route.AppId, route.Access, string.Join(' ', route.Methods)));
    }

    [Fact]
    public void Find_TheMonitorItself_IsNowhere() => Assert.Null(PublicRoute.Find("/monitor"));
}
