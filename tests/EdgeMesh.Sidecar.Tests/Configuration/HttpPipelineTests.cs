using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Configuration;

/// <summary>Middleware before the HTTP API.</summary>
public sealed class HttpPipelineTests
{
    [Fact]
    public async Task Uppercase_MakesBodiesCapitals()
    {
        await using var sidecar = await StartAsync("uppercase");
        using var http = sidecar.Http();
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/state/memory", """[{"key":"k","value":"abc"}]""").StatusAsync());
        Assert.Equal("\"ABC\"", await http.GetAsync("/v1.0/state/memory/K", TestSidecar.Cancellation).TextAsync());
    }

    [Fact]
    public async Task RateLimit_MoreThanASecondTakes_Is429_UntilTimeHasPassed()
    {
        var clock = new FakeTimeProvider();
        await using var sidecar = await StartAsync("ratelimit", ("maxRequestsPerSecond", "2"), clock);
        using var http = sidecar.Http();
        Task<int> AskAsync() => http.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync();
        Assert.Equal("204 204 429 429", $"{await AskAsync()} {await AskAsync()} {await AskAsync()} {await AskAsync()}");
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
        clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal("204 429", $"{await AskAsync()} {await AskAsync()}");
    }

    [Fact]
    public async Task RouterAlias_StandsForAnotherPath()
    {
        await using var sidecar = await StartAsync("routeralias", ("routes", """{\"/v1.0/short\":\"/v1.0/state/memory/k\"}"""));
        using var http = sidecar.Http();
        await http.PostJsonAsync("/v1.0/state/memory", """[{"key":"k","value":7}]""").StatusAsync();
        Assert.Equal("7", await http.GetAsync("/v1.0/short?a=1", TestSidecar.Cancellation).TextAsync());
        Assert.Equal(404, await http.GetAsync("/v1.0/long", TestSidecar.Cancellation).StatusAsync());
    }

    [Theory]
    [InlineData("bearer", "a", "b", "middleware.http.bearer', which the embedded engine does not have")]
    [InlineData("ratelimit", "maxRequestsPerSecond", "lots", "knows 'maxRequestsPerSecond', a number above 0")]
    [InlineData("routeralias", "routes", "no JSON", "'routes' must be a JSON object")]
    [InlineData("routeralias", "paths", "{}", "knows 'routes', and not 'paths'")]
    public async Task Component_ThatCantBeUsed_StopsTheStart(string type, string field, string value, string fault)
    {
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(type, (field, value)));
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    private static async Task<TestSidecar> StartAsync(string type, (string Name, string Value)? metadata = null, TimeProvider? clock = null)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"kind: Configuration\nspec: {{ httpPipeline: {{ handlers: [{{ name: m, type: middleware.http.{type} }}] }} }}\n", TestSidecar.Cancellation);
            var component = Yaml.Component("m", $"middleware.http.{type}", metadata is { } field ? [field] : []);
            return await TestSidecar.StartAsync(Yaml.StandardStores + component, change: o => o with { ConfigurationPaths = [file], Clock = clock ?? o.Clock });
        }
        finally
        {
            File.Delete(file);
        }
    }
}
