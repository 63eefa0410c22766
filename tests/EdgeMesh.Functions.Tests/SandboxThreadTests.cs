using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Functions.Tests;

/// <summary>The sandbox's own threads: whose time they are, and in whose name they work. Where one call works at once, the order is certain.</summary>
public sealed class SandboxThreadTests
{
    private const string Name = """(data (i32.const 64) "key") (data (i32.const 128) "gate")""";
    private const string Gate = "(drop (call $count (i32.const 128) (i32.const 4) (f64.const 1)))";
    private const string Invoke = "(drop (call $invoke (i32.const 64) (i32.const 3) (i32.const 0) (i32.const 0)))";
    private const string Count = "(drop (call $count (i32.const 64) (i32.const 3) (f64.const 1)))";
    private const string Imports = """
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
        var (calls, reached, open) = (new ConcurrentQueue<string>(), new TaskCompletionSource(), new TaskCompletionSource());
        var host = new ScriptedHost
        {
            OnInvoke = (_, _) => { calls.Enqueue("waits"); clock.Advance(TimeSpan.FromSeconds(1)); return Task.CompletedTask; },
            OnCount = name =>
            {
                if (name == "gate")
                {
                    reached.SetResult();
                    open.Task.Wait(Cancel);
                    return;
                }

                calls.Enqueue("works");
                clock.Advance(TimeSpan.FromMilliseconds(10));
            },
        };
        var (gate, waiter, worker) = (Add(sandbox, Gate), Add(sandbox, Invoke), Add(sandbox, Count));
        var input = new CallInput { Host = host, Limits = Patient };
        var all = new List<Task<CallResult>> { gate.CallAsync(input, Cancel) };
        await reached.Task.WaitAsync(Cancel);
        all.AddRange(Enumerable.Range(0, 20).Select(_ => waiter.CallAsync(input, Cancel)));
        all.AddRange(Enumerable.Range(0, 400).Select(_ => worker.CallAsync(input, Cancel)));
        open.SetResult();

        Assert.All(await Task.WhenAll(all), r => Assert.Equal(CallOutcome.Completed, r.Outcome));
        // A second of the one is worth a hundred calls of the other, and some more while what the one usually takes is still being learnt.
        var turns = calls.Take(400).Index().Where(c => c.Item == "waits").Select(c => c.Index).ToArray();
        Assert.Equal(4, turns.Length);
        Assert.All(turns.Zip(turns.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 100, 120));
    }

    /// <summary>Both callers hold their threads while they wait: the called works on others.</summary>
    [Fact]
    public async Task Call_OfAFunctionThatCallsAnother_CompletesWithAsManyCallersAsMayWork()
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 2 }, TimeProvider.System);
        var (caller, called) = (Add(sandbox, Invoke), Add(sandbox, Count));
        var (waiting, both) = (0, new TaskCompletionSource());
        var host = new ScriptedHost
        {
            OnInvoke = async (_, cancellation) =>
            {
                if (Interlocked.Increment(ref waiting) == 2)
                {
                    both.SetResult();
                }

                await both.Task.WaitAsync(cancellation);
                Assert.Equal(CallOutcome.Completed, (await called.CallAsync(new CallInput { Host = new MemoryFunctionHost() }, cancellation)).Outcome);
            },
        };

        var results = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => caller.CallAsync(new CallInput { Host = host, Limits = Patient }, Cancel)))
            .WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.All(results, r => Assert.Equal(CallOutcome.Completed, r.Outcome));
    }

    [Fact]
    public async Task Call_BesideCallersOfAServiceThatDoesNotAnswer_IsMade()
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 2 }, TimeProvider.System);
        var (caller, other) = (Add(sandbox, Invoke), Add(sandbox, Count));
        var (reached, answer) = (new SemaphoreSlim(0), new TaskCompletionSource());
        var host = new ScriptedHost { OnInvoke = (_, cancellation) => { reached.Release(); return answer.Task.WaitAsync(cancellation); } };
        var stuck = Enumerable.Range(0, 4).Select(_ => caller.CallAsync(new CallInput { Host = host, Limits = Patient }, Cancel)).ToArray();
        for (var i = 0; i < stuck.Length; i++)
        {
            Assert.True(await reached.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        }

        var made = await other.CallAsync(new CallInput { Host = new MemoryFunctionHost() }, Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        Assert.Equal(CallOutcome.Completed, made.Outcome);
        answer.SetResult();
        Assert.All(await Task.WhenAll(stuck), r => Assert.Equal(CallOutcome.Completed, r.Outcome));
    }

    /// <summary>A count is work of the function's own: here one that does not end.</summary>
    [Fact]
    public async Task Call_WhileOneFunctionHasAllTheRoom_IsMadeBesideIt()
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 2 }, TimeProvider.System);
        var (busy, other) = (Add(sandbox, Count), Add(sandbox, Count));
        using var reached = new SemaphoreSlim(0);
        using var end = new ManualResetEventSlim();
        var host = new ScriptedHost { OnCount = _ => { reached.Release(); end.Wait(Cancel); } };
        var stuck = Enumerable.Range(0, 3).Select(_ => busy.CallAsync(new CallInput { Host = host, Limits = Patient }, Cancel)).ToArray();
        for (var i = 0; i < 2; i++)
        {
            Assert.True(await reached.WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        }

        for (var i = 0; i < 2; i++)
        {
            var made = await other.CallAsync(new CallInput { Host = new MemoryFunctionHost() }, Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            Assert.Equal(CallOutcome.Completed, made.Outcome);
        }

        Assert.Equal(0, reached.CurrentCount);
        end.Set();
        Assert.All(await Task.WhenAll(stuck), r => Assert.Equal(CallOutcome.Completed, r.Outcome));
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
