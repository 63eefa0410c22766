using System.Text;

namespace EdgeMesh.Functions.Tests;

/// <summary>The host interface, as a module sees it.</summary>
public sealed class HostCallTests : SandboxFixture
{
    private readonly MemoryFunctionHost _host = new();

    [Fact]
    public async Task State_SetGetDelete_GoesToTheFunctionsOwnState()
    {
        // key at 64 (3 bytes), value at 80 (5 bytes)
        var wasm = Module("""
            (drop (call $set (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5)))
            (i32.store (i32.const 4) (call $answer (i32.const 200) (call $get (i32.const 64) (i32.const 3))))
            (i32.store (i32.const 0) (i32.const 200))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
            (drop (call $delete (i32.const 64) (i32.const 3)))
            (call $exit (i32.sub (i32.const 0) (call $get (i32.const 64) (i32.const 3))))
            """);

        var result = await RunAsync(wasm, new CallInput { Host = _host });

        Assert.Equal("value", Text(result.Output));
        Assert.Equal(-(int)HostStatus.NotFound, result.ExitCode);
        Assert.Equal(["state_set key", "state_get key", "state_delete key", "state_get key"], _host.Calls);
        Assert.Equal(4, result.Usage.HostCalls);
    }

    [Fact]
    public async Task Publish_AndInvoke_CarryTheirBytes()
    {
        _host.OnInvoke = (target, body) => HostAnswer.Of(Encoding.UTF8.GetBytes($"{target}<{Text(body)}>"));
        var wasm = Module("""
            (drop (call $publish (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5)))
            (i32.store (i32.const 4) (call $answer (i32.const 200) (call $invoke (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5))))
            (i32.store (i32.const 0) (i32.const 200))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
            """);

        var result = await RunAsync(wasm, new CallInput { Host = _host });

        Assert.Equal("key<value>", Text(result.Output));
        var (topic, data) = Assert.Single(_host.Published);
        Assert.Equal(("key", "value"), (topic, Text(data)));
    }

    [Fact]
    public async Task Call_HostThatDoesNotAnswer_EndsOutOfTime()
    {
        var wasm = Module("(drop (call $get (i32.const 64) (i32.const 3)))");

        var result = await RunAsync(wasm, new CallInput { Host = new SilentHost(), Limits = new CallLimits { WallClock = TimeSpan.FromMilliseconds(50) } });

        Assert.Equal(CallOutcome.OutOfTime, result.Outcome);
    }

    [Fact]
    public async Task Call_HostThatThrows_IsAFaultOfTheHostAndTheSandboxGoesOn()
    {
        _host.OnInvoke = (_, _) => throw new InvalidOperationException("broken");
        var wasm = Module("(drop (call $invoke (i32.const 64) (i32.const 3) (i32.const 80) (i32.const 5)))");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(wasm, new CallInput { Host = _host }));

        Assert.Equal("broken", error.InnerException!.Message);
        Assert.Equal(CallOutcome.Completed, (await RunAsync(Wat.Echo)).Outcome);
    }

    private static byte[] Module(string body) => Wat.Command(body, """(data (i32.const 64) "key") (data (i32.const 80) "value")""", """
        (import "edgemesh_v1" "state_get" (func $get (param i32 i32) (result i32)))
        (import "edgemesh_v1" "state_set" (func $set (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "state_delete" (func $delete (param i32 i32) (result i32)))
        (import "edgemesh_v1" "publish" (func $publish (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "invoke" (func $invoke (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "answer" (func $answer (param i32 i32) (result i32)))
        """);

    /// <summary>Answers nothing, ever.</summary>
    private sealed class SilentHost : IFunctionHost
    {
        public async ValueTask<HostAnswer> GetStateAsync(string key, CancellationToken cancellation)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            return default;
        }

        public ValueTask<HostAnswer> SetStateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) => GetStateAsync(key, cancellation);

        public ValueTask<HostAnswer> DeleteStateAsync(string key, CancellationToken cancellation) => GetStateAsync(key, cancellation);

        public ValueTask<HostAnswer> PublishAsync(string topic, ReadOnlyMemory<byte> data, CancellationToken cancellation) => GetStateAsync(topic, cancellation);

        public ValueTask<HostAnswer> InvokeAsync(string target, ReadOnlyMemory<byte> body, CancellationToken cancellation) => GetStateAsync(target, cancellation);

        public ValueTask<HostAnswer> GetSettingAsync(string name, CancellationToken cancellation) => GetStateAsync(name, cancellation);

        public ValueTask<HostAnswer> GetSecretAsync(string name, CancellationToken cancellation) => GetStateAsync(name, cancellation);

        public HostStatus Count(string name, double value) => HostStatus.Unavailable;
    }
}
