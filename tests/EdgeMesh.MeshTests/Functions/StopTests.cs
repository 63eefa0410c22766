using System.Text.Json.Nodes;
using EdgeMesh.Functions.Tests;

namespace EdgeMesh.MeshTests.Functions;

/// <summary>A site that is told to stop. It takes some seconds: it is the real process, started and ended by <c>up</c> and <c>down</c>.</summary>
public sealed class StopTests
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Stop_WritesWhatFunctionsCostUpToTheLastCall()
    {
        await using var site = await OneSite.StartAsync("embedded");
        await site.DeployAsync("name: f\nversion: 1.0.0\nmodule: m.wasm\ntriggers:\n  - http: { method: POST, path: /echo, open: true }\n", Wat.Echo, 1);
        for (var call = 0; call < 3; call++)
        {
            using var content = new StringContent("abc");
            Assert.Equal((200, "abc"), await site.CallAsync("f/echo", content));
        }

        await site.StopAsync();

        var written = JsonNode.Parse(Assert.Single(HeadsFile.Read(site, "%/functions/usage/f")).Value)!;
        Assert.Equal((3, 18), ((int)written["calls"]!, (int)written["bytes"]!));
    }
}
