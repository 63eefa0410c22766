using EdgeMesh.Functions.Tests;

namespace EdgeMesh.MeshTests.Functions;

/// <summary>A rollout whose process is killed with SIGKILL while it is under way, on either engine.</summary>
public abstract class RolloutSuite(string engine)
{
    [Fact]
    [Trait("Category", "Slow")]
    public async Task Kill_AgainAndAgainDuringCanaries_TheyEndWhereTheyWouldHaveEnded()
    {
        await using var site = await OneSite.StartAsync(engine);
        await site.DeployAsync(Manifest("1.0.0"), Says("old"), 1);
        await site.DeployAsync(Manifest("1.0.1"), Says("new"), 2, "--canary", "50", "--for", "00:00:02");
        for (var kill = 0; kill < 3; kill++)
        {
            await site.KillAsync();
            await AnswersAsync(site);
        }

        await EndsAsync(site, "Steady", 2, "1.0.1");
        await site.DeployAsync(Manifest("1.0.2"), Wat.Command("unreachable"), 3, "--canary", "50", "--for", "01:00:00");
        await site.CallAsync("f/say");
        await site.KillAsync();
        await EndsAsync(site, "RolledBack", 3, "1.0.1");
        for (var call = 0; call < 10; call++)
        {
            Assert.Equal((200, "new"), await site.CallAsync("f/say"));
        }
    }

    private static Task AnswersAsync(OneSite site) => OneSite.UntilAsync(async () => await site.CallAsync("f/say") is (200, "old" or "new"), "the function answers again");

    /// <summary>Calls until the rollout is over: a canary is judged by its calls.</summary>
    private static Task EndsAsync(OneSite site, string phase, long generation, string version) => OneSite.UntilAsync(
        async () =>
        {
            for (var call = 0; call < 10; call++)
            {
                await site.CallAsync("f/say");
            }

            return await site.AtAsync("f") is { } at && (string?)at["phase"] == phase && (long?)at["generation"] == generation && (string?)at["version"] == version;
        },
        $"the rollout of generation {generation} is {phase} at version {version}");

    private static string Manifest(string version) => $"name: f\nversion: {version}\nmodule: m.wasm\ntriggers:\n  - http: {{ method: GET, path: /say, open: true }}\n";

    private static byte[] Says(string text) => Wat.Command(
        $"(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const {text.Length})) (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))",
        $"(data (i32.const 64) \"{text}\")");
}

public sealed class EmbeddedRolloutTests() : RolloutSuite("embedded");

[Trait("Category", "Engines")]
public sealed class DaprdRolloutTests() : RolloutSuite("daprd");
