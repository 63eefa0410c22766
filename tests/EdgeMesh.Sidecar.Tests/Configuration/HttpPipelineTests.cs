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
        Assert.Equal(429, await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
        clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal("204 429", $"{await AskAsync()} {await AskAsync()}");
    }

    [Theory]
    [InlineData("opa", "a", "b", "middleware.http.opa', which the embedded engine does not have")]
    [InlineData("bearer", "issuer", "http://127.0.0.1:1", "'audience' is missing")]
    [InlineData("bearer", "issuer", "somebody", "'issuer' must be an http or https address")]
    [InlineData("bearer", "secret", "x", "knows issuer, audience and jwksURL, and not 'secret'")]
    [InlineData("routeralias", "routes", """{\"/a/{id:[0-9]+}\":\"/v1.0/x\"}""", "must be a path, whose segments may be {name}")]
    [InlineData("routeralias", "routes", """{\"/a\":\"/v1.0/x?b=1\"}""", "must be a path, whose segments may be {name}")]
    [InlineData("ratelimit", "maxRequestsPerSecond", "lots", "knows 'maxRequestsPerSecond', a number above 0")]
    [InlineData("routeralias", "routes", "no JSON", "'routes' must be a JSON object")]
    [InlineData("routeralias", "paths", "{}", "knows 'routes', and not 'paths'")]
    public async Task Component_ThatCantBeUsed_StopsTheStart(string type, string field, string value, string fault)
    {
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(type, (field, value)));
        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bearer_WhoseIssuerIsAway_StopsTheStart_AndNotThatOfASite()
    {
        var component = Yaml.Component("m", "middleware.http.bearer", ("issuer", "http://127.0.0.1:1"), ("audience", "me"));
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync("bearer", component, o => o));
        Assert.Contains("component 'm' (middleware.http.bearer) can't be opened: the keys of http://127.0.0.1:1/ can't be had", error.Message, StringComparison.Ordinal);
        await using var site = await StartAsync("bearer", component, o => o with { ExitOnFailedComponent = false });
        using var http = site.Http();
        http.DefaultRequestHeaders.Authorization = new("Bearer", "eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.eyJhdWQiOiJtZSJ9.AAAA");
        Assert.Equal(401, await http.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync());
    }

    private static Task<TestSidecar> StartAsync(string type, (string Name, string Value)? metadata = null, TimeProvider? clock = null) =>
        StartAsync(type, Yaml.Component("m", $"middleware.http.{type}", metadata is { } field ? [field] : []), o => o with { Clock = clock ?? o.Clock });

    private static async Task<TestSidecar> StartAsync(string type, string component, Func<SidecarOptions, SidecarOptions> change)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"kind: Configuration\nspec: {{ httpPipeline: {{ handlers: [{{ name: m, type: middleware.http.{type} }}] }} }}\n", TestSidecar.Cancellation);
            return await TestSidecar.StartAsync(Yaml.StandardStores + component, change: o => change(o with { ConfigurationPaths = [file] }));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
