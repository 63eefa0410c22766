using System.Collections.Concurrent;
using System.Diagnostics;

namespace EdgeMesh.Functions.Tests;

/// <summary>The sandbox's own threads: whose time they are, and in whose name they work. One thread, so that the order is certain.</summary>
public sealed class SandboxThreadTests
{
    private const string Name = """(data (i32.const 64) "key")""";
    private const string Invoke = "(drop (call $invoke (i32.const 64) (i32.const 3) (i32.const 0) (i32.const 0)))";
    private const string Imports = """
        (import "edgemesh_v1" "invoke" (func $invoke (param i32 i32 i32 i32) (result i32)))
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

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
