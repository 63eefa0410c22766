using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Functions.Tests;

/// <summary>What becomes of calls when the sandbox stops, or when its clock has rested.</summary>
public sealed class SandboxStopTests
{
    private const string Data = """(data (i32.const 64) "key")""";
    private const string Invoke = "(drop (call $invoke (i32.const 64) (i32.const 3) (i32.const 0) (i32.const 0)))";
    private const string CountAndLoop = "(drop (call $count (i32.const 64) (i32.const 3) (f64.const 1))) (loop $again (br $again))";
    private const string Imports = """
        (import "edgemesh_v1" "invoke" (func $invoke (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "count" (func $count (param i32 i32 f64) (result i32)))
        """;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    /// <summary>More of everything than a test lasts.</summary>
    private static readonly CallLimits Hours = new() { Fuel = long.MaxValue / 2, WallClock = TimeSpan.FromMinutes(15) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_WhileCallsLoopAndWait_EndsThemAll()
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 2, MaxFuel = long.MaxValue }, TimeProvider.System);
        using var loops = new SemaphoreSlim(0);
        var host = new ScriptedHost { OnCount = _ => loops.Release() };
        var function = Add(sandbox, CountAndLoop, new FunctionShare { Concurrency = 2 });
        var calls = Enumerable.Range(0, 5).Select(_ => function.CallAsync(new CallInput { Host = host, Limits = Hours }, Cancel)).ToArray();
        Assert.True(await loops.WaitAsync(Soon, Cancel) && await loops.WaitAsync(Soon, Cancel));

        sandbox.Stop();

        Assert.All(await Task.WhenAll(calls).WaitAsync(Soon, Cancel), r => Assert.Equal((CallOutcome.Canceled, true), (r.Outcome, r.IsDeferred)));
    }

    [Fact]
    public async Task Dispose_WhileACallWaitsForTheHost_EndsTheCallAndReturns()
    {
        var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 1 }, TimeProvider.System);
        var reached = new TaskCompletionSource();
        var host = new ScriptedHost
        {
            OnInvoke = (_, cancellation) =>
            {
                reached.SetResult();
                return Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            },
        };
        var call = Add(sandbox, Invoke).CallAsync(new CallInput { Host = host, Limits = Hours }, Cancel);
        await reached.Task.WaitAsync(Soon, Cancel);

        await Task.Factory.StartNew(sandbox.Dispose, Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).WaitAsync(Soon, Cancel);

        Assert.Equal(CallOutcome.Canceled, (await call).Outcome);
    }

    [Fact]
    public async Task Call_OfAFunctionThatIsAddedWhileTheSandboxStops_IsRefused()
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 1 }, TimeProvider.System);
        sandbox.Stop();

        var late = await Add(sandbox, Invoke).CallAsync(new CallInput(), Cancel).WaitAsync(Soon, Cancel);

        Assert.Equal(CallOutcome.Canceled, late.Outcome);
    }

    /// <summary>Between calls nothing moves the clock that bounds them.</summary>
    [Fact]
    public async Task Call_ThatLoopsAfterTheTickerRested_EndsInItsTime()
    {
        var clock = new FakeTimeProvider();
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 1, MaxFuel = long.MaxValue }, clock);
        var function = Add(sandbox, CountAndLoop);
        var reached = new TaskCompletionSource();
        Assert.Equal(CallOutcome.Completed, (await Add(sandbox, "").CallAsync(new CallInput(), Cancel)).Outcome);
        clock.Advance(TimeSpan.FromSeconds(10));

        var call = function.CallAsync(new CallInput { Host = new ScriptedHost { OnCount = _ => reached.SetResult() }, Limits = Hours with { WallClock = TimeSpan.FromMilliseconds(100) } }, Cancel);
        await reached.Task.WaitAsync(Soon, Cancel);
        clock.Advance(TimeSpan.FromMilliseconds(90));
        Assert.False(call.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(20));

        Assert.Equal(CallOutcome.OutOfTime, (await call.WaitAsync(Soon, Cancel)).Outcome);
    }

    /// <summary>All the room is taken by calls that never rest: whoever asks the host goes on as soon as it has answered, and needs no turn again.</summary>
    [Fact]
    public async Task HostCall_BesideTwoFunctionsThatLoop_GoesOnWhenTheHostHasAnswered()
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 2, MaxFuel = long.MaxValue }, TimeProvider.System);
        using var loops = new SemaphoreSlim(0);
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        var host = new ScriptedHost { OnCount = _ => loops.Release(), OnInvoke = (_, cancellation) => { asked.SetResult(); return answer.Task.WaitAsync(cancellation); } };
        var input = new CallInput { Host = host, Limits = Hours };
        var asks = Add(sandbox, Invoke).CallAsync(input, Cancel);
        await asked.Task.WaitAsync(Soon, Cancel);
        var endless = Enumerable.Range(0, 2).Select(_ => Add(sandbox, CountAndLoop).CallAsync(input, Cancel)).ToArray();
        Assert.True(await loops.WaitAsync(Soon, Cancel) && await loops.WaitAsync(Soon, Cancel));

        answer.SetResult();

        Assert.Equal(CallOutcome.Completed, (await asks.WaitAsync(Soon, Cancel)).Outcome);
        Assert.All(endless, e => Assert.False(e.IsCompleted));
        sandbox.Stop();
        await Task.WhenAll(endless).WaitAsync(Soon, Cancel);
    }

    private static SandboxedFunction Add(FunctionSandbox sandbox, string body, FunctionShare? share = null)
    {
        var compiled = sandbox.Compile(Wat.Command(body, Data, Imports));
        Assert.Empty(compiled.Faults);
        return sandbox.Add(compiled.Module!, share ?? new FunctionShare());
    }
}
