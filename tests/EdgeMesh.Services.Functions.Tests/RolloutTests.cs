using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Store;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class RolloutTests
{
    private static readonly CanaryPlan Half = new(50, TimeSpan.FromHours(1), 5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Canary_ThatFails_IsRolledBackByItself()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("good"), FunctionsSite.Manifest("f"));
        await site.DeployAsync(FunctionsSite.Exits(1), FunctionsSite.Manifest("f", "1.0.1"), 2, Half);

        while (await PhaseAsync(site) == "Canary")
        {
            Assert.Contains((await site.CallAsync("f")).Status, (int[])[200, 502]);
        }

        var at = await site.AtAsync("f");
        Assert.Equal(("RolledBack", "1.0.0"), ((string)at["phase"]!, (string)at["version"]!));
        Assert.Contains("calls failed", (string)at["reason"]!, StringComparison.Ordinal);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal((200, "good"), await site.CallAsync("f"));
        }
    }

    [Fact]
    public async Task Canary_WhoseModuleCannotBeLoaded_IsRolledBackByItself()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("good"), FunctionsSite.Manifest("f"));
        await site.DeployUntriedAsync(FunctionsSite.Malformed, FunctionsSite.Manifest("f", "1.0.1"), 2, Half);

        // Half of the calls: of a thousand, five at the very least.
        for (var calls = 0; await PhaseAsync(site) == "Canary"; calls++)
        {
            Assert.True(calls < 1_000, "a canary that cannot be loaded is taken for healthy");
            Assert.Contains((await site.CallAsync("f")).Status, (int[])[200, 503]);
        }

        var at = await site.AtAsync("f");
        Assert.Equal(("RolledBack", "1.0.0"), ((string)at["phase"]!, (string)at["version"]!));
        Assert.Contains("calls failed", (string)at["reason"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Canary_WhoseTimeIsOver_BecomesStable()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest("f"));
        await site.DeployAsync(FunctionsSite.Says("new"), FunctionsSite.Manifest("f", "1.0.1"), 2, Half with { For = TimeSpan.Zero });

        while (await PhaseAsync(site) == "Canary")
        {
            await Task.Delay(20, Cancellation);
        }

        Assert.Equal((200, "new"), await site.CallAsync("f"));
    }

    [Fact]
    public async Task Canary_GoesOnAfterARestart()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-functions-").FullName;
        try
        {
            await using var site = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text);
            await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest("f"));
            await site.DeployAsync(FunctionsSite.Says("new"), FunctionsSite.Manifest("f", "1.0.1"), 2, Half);
            await site.Host.StopAppAsync(FunctionsApp.AppId);
            await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
            await site.RunsAsync("f", 2);

            Assert.Equal("Canary", await PhaseAsync(site));
            var answers = new HashSet<string>();
            while (answers.Count < 2)
            {
                answers.Add((await site.CallAsync("f")).Body);
            }

            Assert.Equal(["new", "old"], answers.Order());
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>Deployed at a site that still knew the other.</summary>
    [Fact]
    public async Task Canary_AtASiteThatIsNoLongerInTheMesh_SaysWhomItWaitsFor()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest("f"));
        var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says("new"), FunctionsSite.Manifest("f", "1.0.1"));
        Assert.Equal((true, ""), await site.PutBundleAsync(bundle));

        var catalog = site.Host.Services(FunctionsApp.AppId).GetRequiredService<FunctionsOpener>().Store!.Catalog;
        catalog.Put("core", Deployment.Sign("f", 2, bundle.Digest, Half with { Sites = ["clinic-z"] }, FunctionsSite.Ops));
        await site.RunsAsync("f", 2);

        var at = await site.AtAsync("f");
        Assert.Equal(("Waiting", "1.0.0"), ((string)at["phase"]!, (string)at["version"]!));
        Assert.Equal("""{"clinic-z":"it is no site of this mesh, so nobody is left to try it: deploy again, with other canary sites or none"}""", at["waitsFor"]!.ToJsonString());
    }

    [Fact]
    public async Task Hold_KeepsWhatRunsUntilRelease()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("one"), FunctionsSite.Manifest("f"));
        await ChangeAsync(site, "hold");
        var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says("two"), FunctionsSite.Manifest("f", "1.0.1"));
        Assert.Equal((true, ""), await site.PutBundleAsync(bundle));
        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("f", 2, bundle.Digest, CanaryPlan.None, FunctionsSite.Ops)));
        Assert.Equal((200, "one"), await site.CallAsync("f"));

        await ChangeAsync(site, "release");
        await site.RunsAsync("f", 2);
        Assert.Equal((200, "two"), await site.CallAsync("f"));
    }

    private static async Task ChangeAsync(FunctionsSite site, string change)
    {
        var (done, answer) = await site.ChangeAsync("f", change);
        Assert.True(done, answer);
    }

    private static async Task<string> PhaseAsync(FunctionsSite site) => (string)(await site.AtAsync("f"))["phase"]!;
}
