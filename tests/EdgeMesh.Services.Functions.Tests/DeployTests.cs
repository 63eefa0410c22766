using System.Text;
using EdgeMesh.Functions;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Store;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class DeployTests
{
    [Fact]
    public async Task Deploy_SignedBundle_RunsAndShowsInTheDetail()
    {
        await using var site = await FunctionsSite.StartAsync();
        var bundle = await site.DeployAsync(FunctionsSite.Says("hello"), FunctionsSite.Manifest("greeter"));

        Assert.Equal((200, "hello"), await site.CallAsync("greeter"));
        var detail = await site.DetailAsync("greeter");
        Assert.Equal("1.0.0", (string?)detail!["function"]!["version"]);
        Assert.Equal(bundle.Digest, (string?)detail["versions"]![0]!["bundle"]);
        Assert.Equal("Steady", (string?)detail["function"]!["sites"]![FunctionsSite.Site]!["phase"]);
    }

    [Fact]
    public async Task Deploy_BodyThatAnnouncesMoreThanAnyMemory_IsRefusedBeforeItComes()
    {
        await using var site = await FunctionsSite.StartAsync();
        using var body = new ByteArrayContent([]) { Headers = { ContentLength = 3_000_000_000 } };
        using var request = new HttpRequestMessage(HttpMethod.Put, "deployments/greeter/bundle") { Content = body, Headers = { ExpectContinue = true } };
        using var client = site.Host.AppClient(FunctionsApp.AppId);
        using var answer = await site.SendAsync(client, request, FunctionsSite.Admin);

        Assert.Equal(413, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Deploy_LargeModule_TravelsInPiecesAndComesBackWhole()
    {
        await using var site = await FunctionsSite.StartAsync();
        var padding = new string('x', 1_200_000);
        var module = Wat.Command(FunctionsSiteText.Write("big"), $"(data (i32.const 64) \"big\") (data \"{padding}\")");
        await site.DeployAsync(module, FunctionsSite.Manifest("big"));

        Assert.Equal((200, "big"), await site.CallAsync("big"));
    }

    [Fact]
    public async Task Deploy_AfterARestart_RunsStill()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-functions-").FullName;
        try
        {
            await using (var site = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text))
            {
                await site.DeployAsync(FunctionsSite.Says("kept"), FunctionsSite.Manifest("greeter"));
            }

            await using var again = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text);
            Assert.Equal((200, "kept"), await again.CallAsync("greeter"));

            File.Delete(Path.Combine(data, "functions", "catalog.json"));
            await again.Host.StopAppAsync(FunctionsApp.AppId);
            File.Delete(Path.Combine(data, "functions", "catalog.json"));
            await again.Host.StartAppAsync(FunctionsApp.AppId, TestContext.Current.CancellationToken);
            await again.RunsAsync("greeter", 1);
            Assert.Equal((200, "kept"), await again.CallAsync("greeter"));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Bundle_ByAnUnknownDeployer_IsRefusedByName()
    {
        await using var site = await FunctionsSite.StartAsync();
        using var mallory = DeployerKey.Create("mallory");
        var (taken, problem) = await site.PutBundleAsync(await FunctionsSite.BundleAsync(FunctionsSite.Says("x"), FunctionsSite.Manifest("greeter"), mallory));

        Assert.False(taken);
        Assert.Contains("'mallory'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bundle_TamperedOnTheWay_IsRefused()
    {
        await using var site = await FunctionsSite.StartAsync();
        var file = BundleFile.Write(await FunctionsSite.BundleAsync(FunctionsSite.Says("good"), FunctionsSite.Manifest("greeter")));
        file[file.AsSpan().IndexOf("good"u8)] = (byte)'f';
        var (taken, problem) = await site.PutAsync("deployments/greeter/bundle", file);

        Assert.False(taken);
        Assert.Contains("its module is not what 'ops' signed", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bundle_ModuleThatCannotRun_IsRefusedBeforeAnySiteHasIt()
    {
        await using var site = await FunctionsSite.StartAsync();
        var (taken, problem) = await site.PutBundleAsync(await FunctionsSite.BundleAsync([0, 1, 2, 3], FunctionsSite.Manifest("greeter")));

        Assert.False(taken);
        Assert.Contains("module-refused", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployment_ReplayedOlderOne_ChangesNothing()
    {
        await using var site = await FunctionsSite.StartAsync();
        var first = await site.DeployAsync(FunctionsSite.Says("one"), FunctionsSite.Manifest("greeter"));
        await site.DeployAsync(FunctionsSite.Says("two"), FunctionsSite.Manifest("greeter", "1.0.1"), 2);
        var (taken, problem) = await site.PutAsync(Deployment.Sign("greeter", 1, first.Digest, CanaryPlan.None, FunctionsSite.Ops, isRollback: true));

        Assert.False(taken);
        Assert.Contains("deployment-outdated", problem, StringComparison.Ordinal);
        Assert.Equal((200, "two"), await site.CallAsync("greeter"));
    }

    [Fact]
    public async Task Deployment_OlderVersion_NeedsARollback()
    {
        await using var site = await FunctionsSite.StartAsync();
        var first = await site.DeployAsync(FunctionsSite.Says("one"), FunctionsSite.Manifest("greeter"));
        await site.DeployAsync(FunctionsSite.Says("two"), FunctionsSite.Manifest("greeter", "1.0.1"), 2);

        var (taken, problem) = await site.PutAsync(Deployment.Sign("greeter", 3, first.Digest, CanaryPlan.None, FunctionsSite.Ops));
        Assert.False(taken);
        Assert.Contains("version-older", problem, StringComparison.Ordinal);

        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("greeter", 3, first.Digest, CanaryPlan.None, FunctionsSite.Ops, isRollback: true)));
        await site.RunsAsync("greeter", 3);
        Assert.Equal((200, "one"), await site.CallAsync("greeter"));
    }

    [Fact]
    public async Task Deployment_WithoutItsBundle_IsRefused()
    {
        await using var site = await FunctionsSite.StartAsync();
        var (taken, problem) = await site.PutAsync(Deployment.Sign("greeter", 1, "sha256:00", CanaryPlan.None, FunctionsSite.Ops));

        Assert.False(taken);
        Assert.Contains("bundle-missing", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployment_OfNothing_RemovesTheFunction()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("one"), FunctionsSite.Manifest("greeter"));
        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("greeter", 2, null, CanaryPlan.None, FunctionsSite.Ops)));
        await site.RunsAsync("greeter", 2);

        Assert.Equal(404, (await site.CallAsync("greeter")).Status);
    }

    [Theory]
    [InlineData("targets: { labels: { kind: shop } }", 404)]
    [InlineData("targets: { sites: [elsewhere] }", 404)]
    [InlineData("targets: { labels: { kind: clinic } }", 200)]
    public async Task Deployment_ForCertainSites_RunsThereAlone(string targets, int status)
    {
        await using var site = await FunctionsSite.StartAsync();
        var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says("here"), FunctionsSite.Manifest("greeter", more: targets));
        Assert.Equal((true, ""), await site.PutBundleAsync(bundle));
        Assert.Equal((true, ""), await site.PutAsync(Deployment.Sign("greeter", 1, bundle.Digest, CanaryPlan.None, FunctionsSite.Ops)));
        if (status == 200)
        {
            await site.RunsAsync("greeter", 1);
        }

        Assert.Equal(status, (await site.CallAsync("greeter")).Status);
    }

    /// <summary>As a feed brings it: nobody refuses it at the door.</summary>
    [Fact]
    public async Task Deployment_ReplayedInASitesDocument_ChangesNothingAlsoAfterARestart()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-functions-").FullName;
        try
        {
            await using var site = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text);
            var one = await site.DeployAsync(FunctionsSite.Says("one"), FunctionsSite.Manifest("greeter"));
            await site.DeployAsync(FunctionsSite.Says("two"), FunctionsSite.Manifest("greeter", "1.0.1"), generation: 2);
            var store = site.Host.Services(FunctionsApp.AppId).GetRequiredService<FunctionsOpener>().Store!;
            var key = FunctionDocuments.Deployment(FunctionsSite.Site, "greeter");
            var stands = (await store.Changes.GetManyAsync([key], TestContext.Current.CancellationToken))[0]!;
            var old = Deployment.Sign("greeter", 1, one.Digest, CanaryPlan.None, FunctionsSite.Ops);
            var taken = Assert.IsType<CommitResult.Committed>(await store.Changes.CommitAsync(
                new Commit { Changes = [new Change(key, stands.Frontier, Encoding.UTF8.GetBytes(old.Text))] }, TestContext.Current.CancellationToken));
            await store.Following.ReachAsync(taken.At, TestContext.Current.CancellationToken);

            Assert.Equal(2, store.Catalog.Find("greeter")!.Word.Generation);
            await site.Host.StopAppAsync(FunctionsApp.AppId);
            await site.Host.StartAppAsync(FunctionsApp.AppId, TestContext.Current.CancellationToken);
            await site.RunsAsync("greeter", 2);
            Assert.Equal((200, "two"), await site.CallAsync("greeter"));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>All other sites would wait for what never comes.</summary>
    [Theory]
    [InlineData("", "clinic-z", "is no site of this mesh")]
    [InlineData("targets: { sites: [elsewhere] }", FunctionsSite.Site, "is not among the targets")]
    [InlineData("targets: { sites: [elsewhere, test-site] }", FunctionsSite.Site, null)]
    public async Task Deployment_WhoseCanaryIsAtASiteThatNeverRunsIt_IsRefused(string targets, string at, string? says)
    {
        await using var site = await FunctionsSite.StartAsync();
        var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says("here"), FunctionsSite.Manifest("greeter", more: targets));
        Assert.Equal((true, ""), await site.PutBundleAsync(bundle));

        var (taken, problem) = await site.PutAsync(Deployment.Sign("greeter", 1, bundle.Digest, new CanaryPlan(50, TimeSpan.FromMinutes(1), 5) { Sites = [at] }, FunctionsSite.Ops));

        Assert.Equal(says is null, taken);
        Assert.True(says is null || (problem.Contains("deployment-refused", StringComparison.Ordinal) && problem.Contains(says, StringComparison.Ordinal)), problem);
    }

    [Theory]
    [InlineData("[elsewhere, nowhere]", false)]
    [InlineData("[elsewhere, test-site]", true)]
    public async Task Deployment_WithACanaryOfWhatNoSiteOfTheMeshIsMeantToRun_IsRefused(string targets, bool isTaken)
    {
        await using var site = await FunctionsSite.StartAsync();
        var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says("here"), FunctionsSite.Manifest("greeter", more: $"targets: {{ sites: {targets} }}"));
        Assert.Equal((true, ""), await site.PutBundleAsync(bundle));

        var (taken, problem) = await site.PutAsync(Deployment.Sign("greeter", 1, bundle.Digest, new CanaryPlan(50, TimeSpan.FromMinutes(1), 5), FunctionsSite.Ops));

        Assert.Equal((isTaken, !isTaken), (taken, problem.Contains("elsewhere, nowhere", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Deployment_ForOtherSitesAlone_EndsWhatTheSiteRan()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("old"), FunctionsSite.Manifest("greeter", more: $"targets: {{ sites: [elsewhere, {FunctionsSite.Site}] }}"));
        Assert.Equal((200, "old"), await site.CallAsync("greeter"));

        await site.DeployAsync(FunctionsSite.Says("new"), FunctionsSite.Manifest("greeter", "1.0.1", more: "targets: { sites: [elsewhere] }"), generation: 2);

        Assert.Equal(404, (await site.CallAsync("greeter")).Status);
        Assert.Equal("what is deployed is meant for other sites", (string?)(await site.AtAsync("greeter"))["reason"]);
    }

    [Fact]
    public async Task Bundles_AfterManyDeployments_AreThoseThatAreKept()
    {
        await using var site = await FunctionsSite.StartAsync();
        var sent = new List<FunctionBundle>();
        for (var i = 1; i <= 12; i++)
        {
            sent.Add(await site.DeployAsync(FunctionsSite.Says($"v{i}"), FunctionsSite.Manifest("greeter", $"1.0.{i}"), i));
        }

        var versions = (await site.DetailAsync("greeter"))!["versions"]!.AsArray().Select(v => (string)v!["version"]!);
        Assert.Equal(["1.0.12", "1.0.11", "1.0.10", "1.0.9", "1.0.8"], versions);
        Assert.Equal(sent.TakeLast(5).Select(b => b.Manifest.Version), await StoredAsync(site, sent, d => FunctionDocuments.Bundle(FunctionsSite.Site, d)));
        Assert.Equal(sent.TakeLast(5).Select(b => b.Manifest.Version), await StoredAsync(site, sent, d => FunctionDocuments.Part(FunctionsSite.Site, d, 0)));
        using var gone = await site.SendAsync(HttpMethod.Get, $"deployments/greeter/bundles/{sent[0].Digest["sha256:".Length..]}", null, FunctionsSite.Admin);
        Assert.Equal(404, (int)gone.StatusCode);
    }

    /// <summary>The versions of which the site has a document.</summary>
    private static async Task<IEnumerable<string>> StoredAsync(FunctionsSite site, IReadOnlyList<FunctionBundle> bundles, Func<string, DocumentKey> keyOf)
    {
        var journal = site.Host.Services(FunctionsApp.AppId).GetRequiredService<FunctionsOpener>().Store!.Changes;
        var documents = await journal.GetManyAsync([.. bundles.Select(b => keyOf(b.Digest))], TestContext.Current.CancellationToken);
        return bundles.Where((_, i) => documents[i] is { Deleted: false }).Select(b => b.Manifest.Version);
    }

    [Fact]
    public async Task Logs_OfAFunctionThatNobodyDeployed_AreNotFound()
    {
        await using var site = await FunctionsSite.StartAsync();
        using var answer = await site.SendAsync(HttpMethod.Get, "deployments/nobody/logs", null, FunctionsSite.Admin);

        Assert.Equal(404, (int)answer.StatusCode);
        Assert.Contains("function-unknown", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deployments_WithoutTheRole_AreRefused()
    {
        await using var site = await FunctionsSite.StartAsync();
        using var nobody = await site.SendAsync(HttpMethod.Get, "deployments", null, null);
        using var user = await site.SendAsync(HttpMethod.Get, "deployments", null, FunctionsSite.User);

        Assert.Equal((401, 403), ((int)nobody.StatusCode, (int)user.StatusCode));
    }

    [Fact]
    public async Task Export_OfAVersion_IsTheBundleThatWasSent_AndRunsAtAMeshThatNothingElseReaches()
    {
        await using var site = await FunctionsSite.StartAsync();
        var bundle = await site.DeployAsync(FunctionsSite.Says("one"), FunctionsSite.Manifest("greeter"));
        using var answer = await site.SendAsync(HttpMethod.Get, $"deployments/greeter/bundles/{bundle.Digest["sha256:".Length..]}", null, FunctionsSite.Admin);
        var file = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(BundleFile.Write(bundle), file);

        await using var elsewhere = await FunctionsSite.StartAsync();
        Assert.Equal((true, ""), await elsewhere.PutAsync("deployments/greeter/bundle", file));
        Assert.Equal((true, ""), await elsewhere.PutAsync(Deployment.Sign("greeter", 1, bundle.Digest, CanaryPlan.None, FunctionsSite.Ops)));
        await elsewhere.RunsAsync("greeter", 1);
        Assert.Equal((200, "one"), await elsewhere.CallAsync("greeter"));
    }
}
