using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>A secret store in a process of its own.</summary>
public abstract class PluggableSecretSuite(PluggableFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("one", """{"one":"first"}""")]
    [InlineData("two", """{"password":"p","user":"u"}""")]
    [InlineData("bulk", """{"one":{"one":"first"},"two":{"password":"p","user":"u"}}""")]
    public async Task Get_ItsSecrets_AreThoseOfTheComponent(string name, string expected)
    {
        using var client = (await fixture.RunningAsync()).Client();
        var answer = (await client.GetStringAsync("/v1.0/secrets/memo-secrets/" + name, Cancellation)).Trim();
        Assert.Equal(System.Text.Json.Nodes.JsonNode.Parse(expected), System.Text.Json.Nodes.JsonNode.Parse(answer), System.Text.Json.Nodes.JsonNode.DeepEquals);
    }

    [Fact]
    public async Task Get_WhatTheComponentLacks_Is500WithDaprsCode()
    {
        using var client = (await fixture.RunningAsync()).Client();
        var (status, code, message) = await Faults.OfAsync(client.GetAsync("/v1.0/secrets/memo-secrets/nosuch", Cancellation));
        Assert.Equal((500, "ERR_SECRET_GET"), (status, code));
        Assert.Contains("there is no nosuch", message, StringComparison.Ordinal);
    }
}

public sealed class EmbeddedPluggableSecretTests(EmbeddedPluggableFixture fixture) : PluggableSecretSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdPluggableSecretTests(DaprdPluggableFixture fixture) : PluggableSecretSuite(fixture);
