using System.Collections.Concurrent;
using System.Diagnostics;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Testing;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class RunningTests
{
    [Fact]
    public async Task Call_OfMoreFunctionsThanStayLoaded_LoadsTheOneThatWasIdleLongestAgain()
    {
        await using var site = await FunctionsSite.StartAsync(settings: ("LoadedModules", "1"));
        await site.DeployAsync(FunctionsSite.Says("a"), FunctionsSite.Manifest("a"));
        await site.DeployAsync(FunctionsSite.Says("b"), FunctionsSite.Manifest("b"));
        foreach (var name in (string[])["a", "a", "b", "a"])
        {
            Assert.Equal((200, name), await site.CallAsync(name));
        }

        Assert.Equal((2, 1), (await ColdStartsAsync(site, "a"), await ColdStartsAsync(site, "b")));
    }

    [Fact]
    public async Task Call_IsASpanAndMetricsWithTheColdStartSplitOut()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var tracing = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "EdgeMesh.Functions", Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if ((string?)span.GetTagItem("faas.name") == "measured")
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(tracing);
        using var measured = new Measurements("measured");

        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("a"), FunctionsSite.Manifest("measured"));
        await site.CallAsync("measured");
        await site.CallAsync("measured");

        Assert.Equal([true, false], spans.Select(s => (bool)s.GetTagItem("faas.coldstart")!));
        Assert.Equal((2, 1), (measured.Sum("faas.invocations"), measured.Sum("faas.coldstarts")));
        Assert.All(["faas.init_duration", "faas.invoke_duration", "faas.cpu_usage", "faas.mem_usage"], i => Assert.True(measured.Sum(i) > 0, i));
        Assert.Equal((string?)(await site.LogsAsync("measured"))[0]!["traceId"], spans.First().TraceId.ToString());
    }

    [Theory]
    [InlineData("functions/a/run")]
    [InlineData("deployments/a/calls")]
    public async Task Call_WhoseModuleCannotBeReadNow_IsAnswered503AndGoesWellLater(string path)
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployUntriedAsync(Large, FunctionsSite.Manifest("a"));
        await site.Host.StopAppAsync(FunctionsApp.AppId);
        await site.Host.StartAppAsync(FunctionsApp.AppId, TestContext.Current.CancellationToken);
        await site.RunsAsync("a", 1);
        var caller = FunctionsSite.Admin with { Scopes = ["functions/a"] };

        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateRead, To: "bodies" });
        using (var answer = await site.SendAsync(HttpMethod.Post, path, [], caller))
        {
            Assert.Equal(503, (int)answer.StatusCode);
            Assert.Contains("function-not-loaded", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.Equal("Unavailable", (string?)(await site.LogsAsync("a"))[0]!["outcome"]);
        }

        site.Host.Faults.Clear();
        using var again = await site.SendAsync(HttpMethod.Post, path, [], caller);
        Assert.Equal(200, (int)again.StatusCode);
    }

    [Fact]
    public async Task Call_OfAModuleThatCannotRunHere_IsInTheLogsAndInWhatItCost()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployUntriedAsync(FunctionsSite.Malformed, FunctionsSite.Manifest("a"));
        await site.CallAsync("a");

        var logged = Assert.Single((await site.LogsAsync("a")).AsArray())!;
        Assert.Equal(("http", "NotLoaded", false), ((string?)logged["trigger"], (string?)logged["outcome"], (bool)logged["isCold"]!));
        Assert.Contains("it is no WebAssembly module", (string?)logged["detail"], StringComparison.Ordinal);
        var usage = (await site.DetailAsync("a"))!["function"]!["usage"]!;
        Assert.Equal((1, 1, 0), ((int)usage["calls"]!, (int)usage["failed"]!, (int)usage["coldStarts"]!));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_AfterARestart_NeedsNoModuleThatWasCompiledBefore(bool isByItsDeployment)
    {
        await using var site = await FunctionsSite.StartAsync();
        if (isByItsDeployment)
        {
            await site.DeployAsync(Large, FunctionsSite.Manifest("a"));
        }
        else
        {
            await site.DeployUntriedAsync(Large, FunctionsSite.Manifest("a"));
            Assert.Equal(200, (await site.CallAsync("a")).Status);
        }

        await site.Host.StopAppAsync(FunctionsApp.AppId);
        await site.Host.StartAppAsync(FunctionsApp.AppId, TestContext.Current.CancellationToken);
        await site.RunsAsync("a", 1);
        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateRead, To: "bodies" });
        Assert.Equal(200, (await site.CallAsync("a")).Status);
        Assert.True((bool)(await site.LogsAsync("a"))[0]!["isCold"]!);
    }

    [Fact]
    public void Options_WithFaults_AreAllToldAtOnce()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["EdgeMesh:Functions:Concurrency"] = "0", ["EdgeMesh:Functions:LoadedModules"] = "many" }).Build();

        var error = Assert.Throws<InvalidOperationException>(() => FunctionsOptions.Read(configuration));
        Assert.Contains("EdgeMesh:Functions:Concurrency is '0'", error.Message, StringComparison.Ordinal);
        Assert.Contains("EdgeMesh:Functions:LoadedModules is 'many'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Too large to lie beside its manifest, which is read at the start.</summary>
    private static byte[] Large => Wat.Command("", $"(data \"{new string('x', 40_000)}\")");

    private static async Task<int> ColdStartsAsync(FunctionsSite site, string function) => (int)(await site.DetailAsync(function))!["function"]!["usage"]!["coldStarts"]!;
}
