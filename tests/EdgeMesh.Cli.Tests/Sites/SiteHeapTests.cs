using System.Diagnostics;
using EdgeMesh.Cli.Sites;

namespace EdgeMesh.Cli.Tests.Sites;

public sealed class SiteHeapTests
{
    [Fact]
    public void Give_LetsTheSiteMakeMoreGarbage()
    {
        Assert.Equal("2000000", SiteHeap.Give(new ProcessStartInfo("site")).Environment["DOTNET_GCgen0size"]);
    }

    [Fact]
    public void Give_WhoHasSetIt_KeepsIt()
    {
        var site = new ProcessStartInfo("site") { Environment = { ["DOTNET_GCgen0size"] = "400000" } };

        Assert.Equal("400000", SiteHeap.Give(site).Environment["DOTNET_GCgen0size"]);
    }
}
