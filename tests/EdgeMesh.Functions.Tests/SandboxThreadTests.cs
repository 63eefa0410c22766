using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Functions.Tests;

/// <summary>The sandbox's own threads: whose time they are, and in whose name they work. One thread, so that the order is certain.</summary>
public sealed class SandboxThreadTests
{
    private const string Name = """(data (i32.const 64) "key")""";
    private const string Ask = "(drop (call $ask (i32.const 64) (i32.const 3)))";
    private const string Invoke = "(drop (call $invoke (i32.const 64) (i32.const 3) (i32.const 0) (i32.const 0)))";
    private const string Count = "(drop (call $count (i32.const 64) (i32.const 3) (f64.const 1)))";
    private const string Imports = """
        (import "edgemesh_v1" "state_get" (func $ask (param i32 i32) (result i32)))
        (import "edgemesh_v1" "invoke" (func $invoke (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "count" (func $count (param i32 i32 f64) (result i32)))
        """;

    private static readonly CallLimits Patient = new() { WallClock = TimeSpan.FromMinutes(2) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Neither starves: what waits in a host call keeps a thread from the others as much as what works.</summary>
    [Fact]
    public async Task Call_ThatWaitsInHostCalls_IsChargedForTheThreadThatItKeeps()
    {
        var clock = new FakeTimeProvider();
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 1 }, clock);
        var host = new PacedHost(clock);
        var (gate, waiter, worker) = (Add(sandbox, Ask), Add(sandbox, Invoke), Add(sandbox, Count));
        var input = new CallInput { Host = host, Limits = Patient };
        var all = new List<Task<CallResult>> { gate.CallAsync(input, Cancel) };
        await host.Reached.Task.WaitAsync(Cancel);
        all.AddRange(Enumerable.Range(0, 20).Select(_ => waiter.CallAsync(input, Cancel)));
        all.AddRange(Enumerable.Range(0, 400).Select(_ => worker.CallAsync(input, Cancel)));
        host.Gate.SetResult();

        Assert.All(await Task.WhenAll(all), r => Assert.Equal(CallOutcome.Completed, r.Outcome));
        // A second of the one is worth a hundred calls of the other, and some more while what the one usually takes is still being learnt.
        var turns = host.Calls.Take(400).Index().Where(c => c.Item == "waits").Select(c => c.Index).ToArray();
        Assert.Equal(4, turns.Length);
        Assert.All(turns.Zip(turns.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 100, 120));
    }

    /// <summary>The threads live as long as the sandbox, and keep nothing of whoever made it.</summary>
    [Fact]
    public async Task HostCall_OfEachCall_WorksInTheContextOfItsOwnCaller()
    {
        var (seen, caller) = (new ConcurrentQueue<(ActivityTraceId? Trace, string? Caller)>(), new AsyncLocal<string?>());
        var host = new MemoryFunctionHost
        {
            OnInvoke = (_, _) =>
            {
                seen.Enqueue((Activity.Current?.TraceId, caller.Value));
                return new HostAnswer(HostStatus.Done);
            },
        };
        using var first = new Activity("first").Start();
        caller.Value = "first";
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 1 }, TimeProvider.System);
        var function = Add(sandbox, Invoke);
        await function.CallAsync(new CallInput { Host = host }, Cancel);
        first.Stop();
        using var second = new Activity("second").Start();
        caller.Value = "second";
        await function.CallAsync(new CallInput { Host = host }, Cancel);
        second.Stop();
        caller.Value = null;
        await function.CallAsync(new CallInput { Host = host }, Cancel);

        Assert.Equal([(first.TraceId, "first"), (second.TraceId, "second"), (null, null)], seen);
    }

    private static SandboxedFunction Add(FunctionSandbox sandbox, string body)
    {
        var compiled = sandbox.Compile(Wat.Command(body, Name, Imports));
        Assert.Empty(compiled.Faults);
        return sandbox.Add(compiled.Module!, new FunctionShare());
    }
}
