using System.Text.Json;
using EdgeMesh.ConformanceTests.Apps;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What a <c>--config</c> file says of the log, and what its variables stand for.</summary>
public abstract class ConfigurationFileSuite(bool isReal) : RunSuite(isReal)
{
    [Theory]
    [InlineData(false, "secret-key")]
    [InlineData(true, "")]
    public async Task ApiLogging_IsALineForEachCall_WithoutHealth_AndWithoutValuesWhenTheyAreHidden(bool hidden, string expected)
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(
            app, $"  logging: {{ apiLogging: {{ enabled: true, omitHealthChecks: true, obfuscateURLs: {(hidden ? "true" : "false")} }} }}\n", Component("memory", "state.in-memory"));
        using var client = run.Client();
        await client.GetAsync("/v1.0/healthz", Cancellation);
        await client.GetAsync("/v1.0/state/memory/secret-key", Cancellation);
        await Eventually.HoldsAsync(() => Task.FromResult(Calls(run.Said).Length > 0), Cancellation);
        var line = Assert.Single(Calls(run.Said));
        Assert.Contains("code=204", line, StringComparison.Ordinal);
        Assert.Equal(expected, line.Contains("secret-key", StringComparison.Ordinal) ? "secret-key" : "");
    }

    [Fact]
    public async Task ApiLogging_NotAskedFor_IsNothing()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, "  logging: { apiLogging: { obfuscateURLs: true } }\n", Component("memory", "state.in-memory"));
        using var client = run.Client();
        await client.GetAsync("/v1.0/state/memory/k", Cancellation);
        run.Stop();
        await run.ExitCode;
        Assert.Empty(Calls(run.Said));
    }

    [Fact]
    public async Task Variables_StandForTheEnvironment()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, "  features: [{ name: \"${NAMESPACE}-$NAMESPACE-$NO_SUCH_VARIABLE-$1x-$$\", enabled: true }]\n", "");
        using var client = run.Client();
        var features = JsonDocument.Parse(await client.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement.GetProperty("enabledFeatures");
        Assert.Contains("core-core--x-", features.EnumerateArray().Select(f => f.GetString()));
    }

    private static string[] Calls(string said) => [.. said.Split('\n').Where(l => l.Contains("API Called", StringComparison.Ordinal))];
}

public sealed class EmbeddedConfigurationFileTests() : ConfigurationFileSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdConfigurationFileTests() : ConfigurationFileSuite(isReal: true);
