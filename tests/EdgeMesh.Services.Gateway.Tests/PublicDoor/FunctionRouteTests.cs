using EdgeMesh.Services.Gateway.PublicDoor;

namespace EdgeMesh.Services.Gateway.Tests.PublicDoor;

public sealed class FunctionRouteTests
{
    [Theory]
    [InlineData("/functions/greeter/greet", "MaybeToken")]
    [InlineData("/deployments", "Token")]
    [InlineData("/deployments/greeter/bundle", "Token")]
    [InlineData("/functions", null)]
    [InlineData("/functions/greeter", null)]
    public void Find_PathOfFunctions_LeadsToTheService(string path, string? access)
    {
        var route = PublicRoute.Find(path);

        Assert.Equal(access, route?.Access.ToString());
        Assert.True(route is null or { AppId: "functions" });
    }
}
