using EdgeMesh.Services.Gateway.MeshDoor;

namespace EdgeMesh.Services.Gateway.Tests.MeshDoor;

public sealed class MeshRouteTests
{
    [Theory]
    [InlineData("POST", "/mesh/monitor/report", "monitor")]
    [InlineData("GET", "/mesh/monitor/report", null)]
    [InlineData("POST", "/mesh/monitor", null)]
    [InlineData("POST", "/mesh/monitor/", null)]
    [InlineData("POST", "/mesh/monitor/report/more", null)]
    public void Find_PathsOfTheMonitor_LeadThereOrNowhere(string method, string path, string? service) => Assert.Equal(service, MeshRoute.Find(method, path)?.AppId);
}
