using System.Text.Json.Nodes;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Testing;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What functions cost, and how it is kept.</summary>
public sealed class UsageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Usage_AfterAStop_IsWhatItWas_AndAfterACrashWhatWasWritten()
    {
        var (clock, data) = (new FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)), Directory.CreateTempSubdirectory("edgemesh-functions-").FullName);
        try
        {
            await using var site = await FunctionsSite.StartAsync(data, resources: SqliteComponents.Text, clock: clock);
            await site.DeployAsync(FunctionsSite.Says("a"), FunctionsSite.Manifest("a"));
            await site.CallAsync("a", "xyz");
            await site.CallAsync("a", "xyz");
            var before = await UsageAsync(site);
            await site.Host.StopAppAsync(FunctionsApp.AppId);
            await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
            await site.RunsAsync("a", 1);
            Assert.Equal((2, 8), ((int)before["calls"]!, (int)before["bytes"]!));
            Assert.Equal(before.ToJsonString(), (await UsageAsync(site)).ToJsonString());

            // A third call is written in its time, a fourth never: the disk is lost before.
            await site.CallAsync("a", "xyz");
            site.Host.Calls.Clear();
            var written = site.Host.Calls.FirstAsync(c => c.Kind == CallKind.StateWrite && c.Name.EndsWith("/functions/usage/a", StringComparison.Ordinal), Cancellation);
            for (var saves = 0; !written.IsCompleted; saves++)
            {
                Assert.True(saves < 6_000, "the third call is not written");
                clock.Advance(UsageTotals.SaveEvery);
                await Task.Delay(5, Cancellation);
            }

            site.Host.Faults.Fail(c => c.Kind == CallKind.StateWrite);
            await site.CallAsync("a", "xyz");
            Assert.Equal(4, (int)(await UsageAsync(site))["calls"]!);
            await site.Host.StopAppAsync(FunctionsApp.AppId);
            site.Host.Faults.Clear();
            await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
            await site.RunsAsync("a", 1);
            Assert.Equal(3, (int)(await UsageAsync(site))["calls"]!);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Usage_WithARowThatCannotBeRead_IsWrittenForTheOthersAndTheRowIsLeftAlone()
    {
        await using var site = await FunctionsSite.StartAsync();
        var heads = site.Host.Dapr(FunctionsApp.AppId);
        await heads.SaveByteStateAsync("heads", UsageKey("a"), "of a later version"u8.ToArray(), cancellationToken: Cancellation);
        await site.DeployAsync(FunctionsSite.Says("a"), FunctionsSite.Manifest("a"));
        await site.DeployAsync(FunctionsSite.Says("b"), FunctionsSite.Manifest("b"));
        await site.CallAsync("a");
        await site.CallAsync("b");

        var a = (await site.DetailAsync("a"))!["function"]!;
        Assert.Equal(1, (int)a["usage"]!["calls"]!);
        Assert.Contains(UsageKey("a"), (string)a["missing"]!, StringComparison.Ordinal);
        Assert.Null((await site.DetailAsync("b"))!["function"]!["missing"]);
        await site.Host.StopAppAsync(FunctionsApp.AppId);

        Assert.Equal("of a later version"u8.ToArray(), (await heads.GetByteStateAsync("heads", UsageKey("a"), cancellationToken: Cancellation)).ToArray());
        var b = await heads.GetByteStateAsync("heads", UsageKey("b"), cancellationToken: Cancellation);
        Assert.Equal(1, FunctionUsage.TryRead(b.Span, "b")!.Calls);
    }

    /// <summary>The service has just started, and has not read yet what earlier ones counted.</summary>
    [Fact]
    public async Task List_WhileTheHeadsAreAway_ShowsWhatIsThereAndSaysWhatIsMissing()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("a"), FunctionsSite.Manifest("a"));
        await site.DeployAsync(FunctionsSite.Says("b"), FunctionsSite.Manifest("b"));
        await site.Host.StopAppAsync(FunctionsApp.AppId);
        site.Host.Faults.Fail(c => c.Kind == CallKind.StateRead && c.Name.Contains("/functions/usage/", StringComparison.Ordinal));
        await site.Host.StartAppAsync(FunctionsApp.AppId, Cancellation);
        for (var tries = 0; await site.CallAsync("a") != (200, "a"); tries++)
        {
            Assert.True(tries < 6_000, "the function does not answer after the start");
            await Task.Delay(5, Cancellation);
        }

        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateRead, To: "heads" });
        using var answer = await site.SendAsync(HttpMethod.Get, "deployments", null, FunctionsSite.Admin);
        Assert.Equal(200, (int)answer.StatusCode);
        var all = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!.AsArray();
        Assert.Equal(["a 1.0.0", "b 1.0.0"], all.Select(f => $"{f!["name"]} {f["version"]}"));
        Assert.Equal(1, (int)all[0]!["usage"]!["calls"]!);
        Assert.All(all, f => Assert.Contains("heads does not answer", (string)f!["missing"]!, StringComparison.Ordinal));
        var detail = (await site.DetailAsync("a"))!;
        Assert.Equal("1.0.0", (string)Assert.Single(detail["versions"]!.AsArray())!["version"]!);

        site.Host.Faults.Clear();
        Assert.Null((await site.DetailAsync("a"))!["function"]!["missing"]);
    }

    private static string UsageKey(string function) => $"{FunctionsSite.Site}/functions/usage/{function}";

    private static async Task<JsonNode> UsageAsync(FunctionsSite site) => (await site.DetailAsync("a"))!["function"]!["usage"]!;
}
