using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json.Nodes;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;

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
        var (spans, counted) = (new ConcurrentQueue<Activity>(), new ConcurrentDictionary<string, double>());
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
        using var metering = new MeterListener { InstrumentPublished = (instrument, listener) => { if (instrument.Meter.Name == "EdgeMesh.Functions") { listener.EnableMeasurementEvents(instrument); } } };
        metering.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument, value, tags));
        metering.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Count(instrument, value, tags));
        metering.Start();

        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(FunctionsSite.Says("a"), FunctionsSite.Manifest("measured"));
        await site.CallAsync("measured");
        await site.CallAsync("measured");

        Assert.Equal([true, false], spans.Select(s => (bool)s.GetTagItem("faas.coldstart")!));
        Assert.Equal((2, 1), (counted["faas.invocations"], counted["faas.coldstarts"]));
        Assert.True(counted["faas.init_duration"] > 0 && counted["faas.invoke_duration"] > 0 && counted["faas.cpu_usage"] > 0 && counted["faas.mem_usage"] > 0);
        Assert.Equal((string?)(await site.LogsAsync("measured"))[0]!["traceId"], spans.First().TraceId.ToString());

        void Count(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (var tag in tags)
            {
                if (tag is { Key: "faas.name", Value: "measured" })
                {
                    counted.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value);
                }
            }
        }
    }

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
            await site.Host.StartAppAsync(FunctionsApp.AppId, TestContext.Current.CancellationToken);
            await site.RunsAsync("a", 1);
            Assert.Equal((2, 8), ((int)before["calls"]!, (int)before["bytes"]!));
            Assert.Equal(before.ToJsonString(), (await UsageAsync(site)).ToJsonString());

            // A third call is written in its time, a fourth never: the disk is lost before.
            await site.CallAsync("a", "xyz");
            site.Host.Calls.Clear();
            var written = site.Host.Calls.FirstAsync(c => c.Kind == CallKind.StateWrite && c.Name.EndsWith("/functions/usage/a", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            while (!written.IsCompleted)
            {
                clock.Advance(UsageTotals.SaveEvery);
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            site.Host.Faults.Fail(c => c.Kind == CallKind.StateWrite);
            await site.CallAsync("a", "xyz");
            Assert.Equal(4, (int)(await UsageAsync(site))["calls"]!);
            await site.Host.StopAppAsync(FunctionsApp.AppId);
            site.Host.Faults.Clear();
            await site.Host.StartAppAsync(FunctionsApp.AppId, TestContext.Current.CancellationToken);
            await site.RunsAsync("a", 1);
            Assert.Equal(3, (int)(await UsageAsync(site))["calls"]!);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Call_OfATemplate_HasWhatStandsForItsNamesInTheEnvironment()
    {
        await using var site = await FunctionsSite.StartAsync();
        await site.DeployAsync(PrintsEnvironment, FunctionsSite.Manifest("env", triggers: "  - http: { method: POST, path: '/rooms/{room}' }"));
        var (status, body) = await site.CallAsync("env", path: "rooms/blue");

        Assert.Equal(200, status);
        var variables = body.Split('\0');
        Assert.Contains("PATH_ROOM=blue", variables);
        Assert.Contains("EDGEMESH_FUNCTION=env", variables);
        Assert.Contains($"EDGEMESH_SITE={FunctionsSite.Site}", variables);
        Assert.Contains("EDGEMESH_TRIGGER=http", variables);
        Assert.Contains("REMOTE_USER=ada", variables);
        Assert.DoesNotContain(variables, v => v.Contains("EDGEMESH_CALLER", StringComparison.OrdinalIgnoreCase) || v.Contains("DAPR", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Options_WithFaults_AreAllToldAtOnce()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["EdgeMesh:Functions:Concurrency"] = "0", ["EdgeMesh:Functions:LoadedModules"] = "many" }).Build();

        var error = Assert.Throws<InvalidOperationException>(() => FunctionsOptions.Read(configuration));
        Assert.Contains("EdgeMesh:Functions:Concurrency is '0'", error.Message, StringComparison.Ordinal);
        Assert.Contains("EdgeMesh:Functions:LoadedModules is 'many'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Writes its whole environment, each variable ended by a zero byte, to stdout.</summary>
    private static byte[] PrintsEnvironment => Wat.Command("""
        (drop (call $sizes (i32.const 32) (i32.const 36)))
        (drop (call $get (i32.const 1024) (i32.const 8192)))
        (i32.store (i32.const 0) (i32.const 8192)) (i32.store (i32.const 4) (i32.load (i32.const 36)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        """, imports: """
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
        """);

    private static async Task<int> ColdStartsAsync(FunctionsSite site, string function) => (int)(await site.DetailAsync(function))!["function"]!["usage"]!["coldStarts"]!;

    private static async Task<JsonNode> UsageAsync(FunctionsSite site) => (await site.DetailAsync("a"))!["function"]!["usage"]!;
}
