using EdgeMesh.Functions;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What is measured of calls that do not go well, and of what functions count themselves.</summary>
public sealed class FunctionMetricsTests
{
    private const string Tight = "limits: { fuel: 20000000, memory: 1MiB, output: 1KiB, input: 1KiB }";

    /// <summary>A call that was not started took no time and no memory: a zero would only hide what the others took.</summary>
    private static readonly string[] OfWhatRan = ["faas.invoke_duration", "faas.cpu_usage", "faas.mem_usage", "faas.net_io"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_ThatFails_IsCountedOnceByHowItEnded()
    {
        (string Name, string Counted, string Limits, byte[] Module)[] failing =
        [
            ("ends-failed", "faas.errors Failed", Tight, FunctionsSite.Exits(3)),
            ("ends-trapped", "faas.errors Trapped", Tight, Wat.Command("unreachable")),
            ("ends-out-of-fuel", "faas.timeouts OutOfFuel", Tight, Wat.EndlessLoop),
            ("ends-out-of-time", "faas.timeouts OutOfTime", "limits: { fuel: 1000000000000, time: 20ms }", Wat.EndlessLoop),
            ("ends-too-deep", "faas.errors StackOverflow", Tight, Wat.Command("(call $deep)", "(func $deep (call $deep) (call $deep))")),
            ("ends-too-long", "faas.errors OutputTooLarge", Tight, Wat.Command("(i32.store (i32.const 4) (i32.const 2000)) (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))")),
            ("ends-too-large", "faas.errors TooLarge", Tight, Wat.Command("", memory: "32")),
            ("ends-overfed", "faas.errors InputTooLarge", Tight, Wat.Echo),
        ];
        using var measured = new Measurements([.. failing.Select(f => f.Name)]);
        await using var site = await FunctionsSite.StartAsync();
        foreach (var (name, _, limits, module) in failing)
        {
            await site.DeployAsync(module, FunctionsSite.Manifest(name, more: limits));
            // Not by its HTTP trigger, which reads no more than the function takes.
            using var answer = await site.SendAsync(HttpMethod.Post, $"deployments/{name}/calls", new byte[name == "ends-overfed" ? 2000 : 0], FunctionsSite.Admin);
            Assert.False(answer.IsSuccessStatusCode, name);
        }

        Assert.Equal(failing.Select(f => $"{f.Name} {f.Counted} 1"), measured.Endings());
        Assert.All(OfWhatRan, i => Assert.Equal(failing.Select(f => f.Name).Except(["ends-too-large", "ends-overfed"]), measured.Of(i).Select(m => m.Tags["faas.name"])));
        Assert.All(measured.Of("faas.errors", "faas.timeouts"), m => Assert.Equal($"error.type={m.Tags["error.type"]} faas.name={m.Tags["faas.name"]} faas.trigger=other faas.version=1.0.0 site=test-site", m.TagsText));
    }

    [Fact]
    public async Task Call_ForWhichNoRoomIsInTheQueue_IsCountedAsBusy()
    {
        var (reached, open) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var gate = new TestApp("gate", builder =>
        {
            var web = builder.Build();
            web.MapGet("/pass", async () =>
            {
                reached.TrySetResult();
                await open.Task;
                return "passed";
            });
            return web;
        });
        using var measured = new Measurements("crowded");
        await using var site = await FunctionsSite.StartAsync(apps: [gate]);
        await site.DeployAsync(HostModules.Invoke("GET gate/pass"), FunctionsSite.Manifest("crowded", more: "concurrency: 1\nqueue: 1\nlimits: { time: 1m }\npermissions: { invoke: [\"GET gate/pass\"] }"));
        try
        {
            var first = site.CallAsync("crowded");
            await reached.Task.WaitAsync(Cancellation);

            // One of them has the queue's only place.
            Task<(int Status, string Body)>[] more = [site.CallAsync("crowded"), site.CallAsync("crowded")];
            var refused = await Task.WhenAny(more);
            Assert.Equal(429, (await refused).Status);
            Assert.Equal(["crowded faas.errors Busy 1"], measured.Endings());
            Assert.Empty(measured.Of(OfWhatRan));

            open.SetResult();
            Assert.All(await Task.WhenAll(more.Where(m => m != refused).Append(first)), answer => Assert.Equal((200, "passed"), answer));
            Assert.Equal(["crowded faas.errors Busy 1", "crowded faas.invocations  1", "crowded faas.invocations  1"], measured.Endings());
        }
        finally
        {
            open.TrySetResult();
        }
    }

    [Fact]
    public async Task Call_OfAModuleThatCannotRunHere_IsCountedAsNotLoaded()
    {
        using var measured = new Measurements("malformed");
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployUntriedAsync(FunctionsSite.Malformed, FunctionsSite.Manifest("malformed"));

        var (status, body) = await site.CallAsync("malformed");
        Assert.Equal(503, status);
        Assert.Contains("it is no WebAssembly module", body, StringComparison.Ordinal);
        Assert.Equal(["malformed faas.errors NotLoaded 1"], measured.Endings());
        Assert.Empty(measured.Of(OfWhatRan));
    }

    /// <summary>What nobody foresaw: here, that the clients of other apps are gone.</summary>
    [Fact]
    public async Task Call_WhoseHostFails_IsCountedAndLoggedLikeAnyThatFails()
    {
        using var measured = new Measurements("forsaken");
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(HostModules.Invoke("GET gate/pass"), FunctionsSite.Manifest("forsaken", more: "permissions: { invoke: [\"GET gate/pass\"] }"));
        site.Host.Services(FunctionsApp.AppId).GetRequiredService<AppClients>().Dispose();

        var (status, body) = await site.CallAsync("forsaken");

        Assert.Equal(502, status);
        Assert.Contains("HostFailed", body, StringComparison.Ordinal);
        Assert.Equal(["forsaken faas.errors HostFailed 1"], measured.Endings());
        Assert.Empty(measured.Of(OfWhatRan));
        Assert.Equal("HostFailed", (string?)(await site.LogsAsync("forsaken"))[0]!["outcome"]);
    }

    [Fact]
    public async Task Count_ByAFunction_IsMeasuredUnderItsNameWithItsValue()
    {
        using var measured = new Measurements("seller");
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(HostModules.Count("sold", "2.5"), FunctionsSite.Manifest("seller"));
        Assert.Equal((200, ""), await site.CallAsync("seller"));
        Assert.Equal((200, ""), await site.CallAsync("seller"));

        var counted = measured.Of("faas.function.count");
        Assert.Equal([2.5, 2.5], counted.Select(c => c.Value));
        Assert.All(counted, c => Assert.Equal("faas.name=seller name=sold site=test-site", c.TagsText));
    }

    [Fact]
    public async Task Count_OfWhatCannotBeCounted_IsInvalidAndNotMeasured()
    {
        (string Name, string Value)[] wrong = [("", "1"), (new string('n', 257), "1"), ("sold", "-1"), ("sold", "nan"), ("sold", "inf")];
        using var measured = new Measurements("miscounter");
        await using var site = await FunctionsSite.StartAsync();
        foreach (var (generation, (name, value)) in wrong.Index())
        {
            await site.DeployAsync(HostModules.Count(name, value), FunctionsSite.Manifest("miscounter", $"1.0.{generation}"), generation + 1);
            Assert.Equal((200, "-3"), await site.CallAsync("miscounter"));
        }

        Assert.Empty(measured.Of("faas.function.count"));
    }

    [Fact]
    public async Task Count_UnderMoreNamesThanAFunctionMayHave_IsTooMuchForTheNewOnesAlone()
    {
        using var measured = new Measurements("counter-of-many", "counter-of-one");
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(HostModules.CountEach(FunctionMetrics.MaxNames + 1), FunctionsSite.Manifest("counter-of-many"));
        await site.DeployAsync(HostModules.Count("own", "1"), FunctionsSite.Manifest("counter-of-one"));
        Assert.Equal((200, "-5"), await site.CallAsync("counter-of-many"));
        Assert.Equal((200, "-5"), await site.CallAsync("counter-of-many"));
        Assert.Equal((200, ""), await site.CallAsync("counter-of-one"));

        var series = measured.Of("faas.function.count").GroupBy(c => c.TagsText, c => c.Value).ToDictionary(s => s.Key, s => s.Sum());
        Assert.True(series.Remove("faas.name=counter-of-one name=own site=test-site"));
        Assert.Equal(Enumerable.Repeat(2.0, FunctionMetrics.MaxNames), series.Values);
    }
}
