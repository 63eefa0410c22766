using EdgeMesh.Cli.Sites;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Cli.Tests.Sites;

public sealed class SiteSettingsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void For_EachServiceOfASite_ExportsToTheMonitorOfThatSite()
    {
        var place = TestMesh.In(folder);
        var site = place.Topology.FindSite("clinic-a")!;

        Assert.All(site.Services, service => Assert.Equal("http://127.0.0.1:7266", SiteSettings.For(place, site, service)["OTEL_EXPORTER_OTLP_ENDPOINT"]));
        Assert.Equal("7266", SiteSettings.For(place, site, "monitor")["EdgeMesh:Monitor:OtlpHttpPort"]);
        Assert.Equal("7265", SiteSettings.For(place, site, "monitor")["EdgeMesh:Monitor:OtlpGrpcPort"]);
    }

    [Fact]
    public void ForProcess_WithACollectorInTheEnvironment_LeavesExportToIt()
    {
        var place = TestMesh.In(folder);
        var (site, environment) = (place.Topology.FindSite("core")!, new ConfigurationBuilder().AddInMemoryCollection([new("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")]).Build());

        var settings = SiteSettings.ForProcess(place, site, "records", environment);

        Assert.DoesNotContain(settings.Keys, k => k.StartsWith("OTEL_", StringComparison.Ordinal) || k.StartsWith("EdgeMesh:Export", StringComparison.Ordinal));
        Assert.Equal("core", settings["EdgeMesh:Site"]);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT", SiteSettings.ForProcess(place, site, "records", new ConfigurationBuilder().Build()).Keys);
    }
}
