using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Lists of allowed and denied APIs, and paths that might lead around them.</summary>
public abstract class ApiListSuite(bool isReal) : RunSuite(isReal)
{
    private static readonly string Memory = Component("memory", "state.in-memory");

    [Fact]
    public async Task Invoke_ThatIsDenied_IsReachedByNoPath()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, "  api: { denied: [{ name: invoke, version: v1.0, protocol: http }] }\n", Memory);
        using var client = run.Client();
        client.DefaultRequestHeaders.Add("dapr-app-id", "alpha");
        var statuses = await StatusesAsync(
            client, "/v1.0/invoke/alpha/method/echo/x", "//v1.0/invoke/alpha/method/echo/x", "/v1.0/invoke/alpha/method/../../../../echo/x", "/V1.0/invoke/alpha/method/echo/x", "/echo/x", "/v1.0/STATE/memory/k", "/v1.0/state/memory/k");
        Assert.Equal(["404", "404", "404", "404", "404", "404", "204"], statuses);
    }

    [Fact]
    public async Task WhatIsNotAllowed_IsReachedByNoPath_AndNotByThePublicPort()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, "  api: { allowed: [{ name: secrets, version: v1.0, protocol: http }] }\n", Memory);
        using var client = run.Client();
        using var probe = run.Client(run.PublicPort, token: null);
        client.DefaultRequestHeaders.Add("dapr-app-id", "alpha");
        var statuses = await StatusesAsync(
            client, "/v1.0/state/memory/k", "/V1.0/state/memory/k", "/v1.0/State/memory/k", "/v1.0/secrets/../state/memory/k", "/echo/x", "/v1.0/invoke/alpha/method/echo/x", "/v1.0/secrets/none/k");
        Assert.Equal(["404", "404", "404", "404", "404", "404", "500"], statuses);
        var probed = await StatusesAsync(probe, "/v1.0/healthz", "/v1.0/metadata");
        Assert.Equal(["204", "404"], probed);
    }

    private static async Task<List<string>> StatusesAsync(HttpClient client, params string[] paths)
    {
        var statuses = new List<string>();
        foreach (var path in paths)
        {
            using var answer = await client.GetAsync(RuntimeSuite.AsWritten(client, path), Cancellation);
            statuses.Add($"{(int)answer.StatusCode}");
        }

        return statuses;
    }
}

public sealed class EmbeddedApiListTests() : ApiListSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdApiListTests() : ApiListSuite(isReal: true);
