using System.Text.Json;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Cli.Tests.Commands;

/// <summary>What operators and programs are told of a canary at a site that waits.</summary>
public sealed class FunctionListTests
{
    private static readonly RolloutState Waiting = new("greeter") { Generation = 2, Phase = RolloutPhase.Waiting, Stable = "one", Candidate = "two" };

    [Fact]
    public async Task List_CanaryThatOthersTry_SaysHowFarEachIs()
    {
        PeerRollout[] peers =
        [
            new("clinic-a", null), new("clinic-b", new("greeter") { Generation = 2, Phase = RolloutPhase.Canary, Candidate = "two" }),
            new("clinic-c", new("greeter") { Generation = 2, Phase = RolloutPhase.Steady, Stable = "two" }),
        ];

        var result = await ListAsync(peers);

        Assert.Equal(0, result.Code);
        Assert.Contains("core: 1.0.0 Waiting for clinic-a (nothing was heard of it), clinic-b (it is trying it), held", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_CanaryThatNobodyIsLeftToTry_SaysWhatToDo()
    {
        var result = await ListAsync([new("clinic-z", null) { IsInMesh = false }]);

        Assert.Contains(
            "Waiting for clinic-z (it is no site of this mesh, so nobody is left to try it: deploy again, with other canary sites or none)", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_OfASiteThatWaitsForNobody_NamesNobody()
    {
        var result = await ListAsync([]);

        Assert.Contains("core: 1.0.0 Waiting, held", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListAsJson_CanaryThatWaits_HasEachSiteAndWhy()
    {
        var result = await ListAsync([new("clinic-z", null) { IsInMesh = false }, new("clinic-a", null)], "--json");

        using var json = JsonDocument.Parse(result.Output);
        var awaited = json.RootElement[0].GetProperty("sites").GetProperty("core").GetProperty("waitsFor");
        Assert.Equal(
            [("clinic-z", "it is no site of this mesh, so it does not count"), ("clinic-a", "nothing was heard of it")], awaited.EnumerateObject().Select(a => (a.Name, a.Value.GetString()!)));
    }

    /// <summary>The list of a core that waits for these others, by the service's own rules and in its own form.</summary>
    private static async Task<RunResult> ListAsync(PeerRollout[] peers, params string[] more)
    {
        var waitsFor = RolloutRules.WaitsFor(Waiting, peers).ToDictionary(a => a.Site, a => a.Why);
        var core = new SiteView(Waiting.Phase, Waiting.Generation, "1.0.0", DateTimeOffset.UnixEpoch, "", Held: true, Paused: false, waitsFor);
        var view = new FunctionView(
            "greeter", "1.0.0", 2, "1.0.1", "ops", ["POST /greet"], new Dictionary<string, SiteView> { ["core"] = core }, FunctionUsage.None("greeter"), Missing: null);
        using var folder = new TemporaryFolder();
        await using var site = await AnsweringSite.StartAsync(folder, "/deployments", JsonSerializer.SerializeToUtf8Bytes([view], ViewsJson.Default.FunctionViewArray));
        return await RunResult.OfAsync(["function", "list", .. more, .. site.Mesh]);
    }
}
