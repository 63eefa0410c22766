using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Several Resiliency resources of one app, and how their policies are written.</summary>
public abstract class PolicySuite(bool isReal) : RunSuite(isReal)
{
    [Fact]
    public async Task Resources_AreOne_TheLaterWins_AndABareNumberIsMilliseconds()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        app.Answer("own", _ => Results.StatusCode(500));
        app.Answer("never", async _ =>
        {
            await Task.Delay(Timeout.Infinite, Cancellation);
            return Results.Ok();
        });
        await WriteAsync("a", "policies: { retries: { r: { policy: constant, duration: 10ms, maxRetries: 4 } }, timeouts: { short: '500' } }");
        await WriteAsync("b", "policies: { retries: { r: { policy: constant, duration: '10', maxRetries: 2 } } }, targets: { apps: { alpha: { retry: r }, slow: { timeout: short } } }");
        var endpoint = $"---\napiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {{ name: slow }}\nspec: {{ baseUrl: {app.Url.GetLeftPart(UriPartial.Authority)} }}\n";
        await using var run = await StartAsync(app, "  features: []\n", endpoint, "--log-level", "Warn");
        using var client = run.Client();
        using var failed = await client.PostAsync("/v1.0/invoke/alpha/method/deliver/own", Running.Json("{}"), Cancellation);
        Assert.Equal((500, 3), ((int)failed.StatusCode, app.Taken("own")));
        Assert.Equal(
            (500, "ERR_DIRECT_INVOKE", "failed to invoke, id: slow, err: context deadline exceeded"),
            await Faults.OfAsync(client.PostAsync("/v1.0/invoke/slow/method/deliver/never", Running.Json("{}"), Cancellation)));
    }

    /// <summary>The limit is for the turn, and not for the wait before it: two turns that each are within it may be longer together.</summary>
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Timeout_OfAnActor_DoesNotCountTheWaitForItsTurn()
    {
        await using var plane = await StartControlPlaneAsync();
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await WriteAsync("a", "policies: { timeouts: { limit: 3s } }, targets: { actors: { plain: { timeout: limit } } }");
        await using var run = await StartAsync(app, "  features: []\n", ActorStore, [.. plane?.Flags ?? []]);
        app.Answer("plain/limited/method/m", async _ =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1.8), Cancellation);
            return Results.Ok();
        });
        using var client = run.Client();
        var answers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => client.PutAsync("/v1.0/actors/plain/limited/method/m", null, Cancellation)));
        Assert.Equal([200, 200], answers.Select(a => (int)a.StatusCode));
    }

    /// <summary>In a file of its own: of a file daprd looks at the first document alone for a Resiliency.</summary>
    private Task WriteAsync(string name, string spec) => File.WriteAllTextAsync(
        Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "resources")).FullName, $"{name}.yaml"),
        $"apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {{ name: {name} }}\nspec: {{ {spec} }}\n", Cancellation);
}

public sealed class EmbeddedPolicyTests() : PolicySuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdPolicyTests() : PolicySuite(isReal: true);
