using System.Buffers.Binary;
using System.Text;

namespace EdgeMesh.Functions.Tests;

/// <summary>The convention that Dapr's binding, Wagi and Spin share: stdin, stdout, stderr, arguments, environment, exit code.</summary>
public sealed class WasiTests : SandboxFixture
{
    /// <summary>Writes what lies at an address to stdout.</summary>
    private const string Show = """
        (func $show (param $at i32) (param $length i32)
          (i32.store (i32.const 0) (local.get $at))
          (i32.store (i32.const 4) (local.get $length))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
        """;

    [Fact]
    public async Task Call_Stdin_ComesBackOnStdout()
    {
        var data = new byte[100_000];
        new Random(1).NextBytes(data);

        var result = await RunAsync(Wat.Echo, new CallInput { Data = data });

        Assert.Equal((CallOutcome.Completed, 0), (result.Outcome, result.ExitCode));
        Assert.True(result.Output.Span.SequenceEqual(data));
        Assert.True(result.Usage.Fuel > 0);
    }

    [Theory]
    [InlineData("args")]
    [InlineData("environ")]
    public async Task Call_ArgumentsAndEnvironment_AreExactlyThoseGiven(string which)
    {
        // Sizes to 100, pointers to 200, bytes to 1000; then shows the bytes.
        var wasm = Wat.Command($"""
            (drop (call $sizes (i32.const 100) (i32.const 104)))
            (drop (call $get (i32.const 200) (i32.const 1000)))
            (call $show (i32.load (i32.const 200)) (i32.load (i32.const 104)))
            """, Show, $"""
            (import "wasi_snapshot_preview1" "{which}_sizes_get" (func $sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "{which}_get" (func $get (param i32 i32) (result i32)))
            """);

        var result = await RunAsync(wasm, new CallInput { Arguments = ["triage", "grüß"], Environment = new Dictionary<string, string> { ["SITE"] = "clinic-a" } });

        Assert.Equal(which == "args" ? "triage\0grüß\0" : "SITE=clinic-a\0", Text(result.Output));
    }

    [Fact]
    public async Task Call_NothingGiven_NoVariableOfTheProcessIsThere()
    {
        var wasm = Wat.Command("(drop (call $sizes (i32.const 100) (i32.const 104))) (call $exit (i32.load (i32.const 100)))", imports:
            """(import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))""");
        Assert.Equal(0, (await RunAsync(wasm)).ExitCode);
    }

    [Fact]
    public async Task Call_Stderr_IsTheLog()
    {
        var result = await RunAsync(Wat.Command("""
            (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 5))
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
            """, """(data (i32.const 64) "hello")"""));
        Assert.Equal(("hello", ""), (Text(result.Log), Text(result.Output)));
    }

    [Fact]
    public async Task Call_ExitCode_IsTheFunctionsOwnWord()
    {
        var result = await RunAsync(Wat.Command("(call $exit (i32.const 3)) (unreachable)"));
        Assert.Equal((CallOutcome.Failed, 3), (result.Outcome, result.ExitCode));
        Assert.Contains("exit code 3", result.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, false, 1_000_000)]
    [InlineData(1, false, 1_000_000)]
    [InlineData(0, true, 100)]
    [InlineData(1, true, 100)]
    public async Task Call_Clock_HasTheStepsThatWereGranted(int clock, bool precise, ulong step)
    {
        var wasm = Wat.Command($"(drop (call $time (i32.const {clock}) (i64.const 0) (i32.const 64))) (call $show (i32.const 64) (i32.const 8))", Show,
            """(import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))""");

        var result = await RunAsync(wasm, new CallInput { PreciseClock = precise });

        var nanoseconds = BinaryPrimitives.ReadUInt64LittleEndian(result.Output.Span);
        Assert.Equal(0ul, nanoseconds % step);
        Assert.True(clock == 0 ? nanoseconds > 1_700_000_000_000_000_000 : nanoseconds < 5_000_000_000, nanoseconds.ToString());
    }

    [Fact]
    public async Task Call_Random_DiffersFromCallToCall()
    {
        var wasm = Wat.Command("(drop (call $random (i32.const 64) (i32.const 32))) (call $show (i32.const 64) (i32.const 32))", Show,
            """(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))""");
        Assert.NotEqual((await RunAsync(wasm)).Output.ToArray(), (await RunAsync(wasm)).Output.ToArray());
    }

    [Theory]
    [InlineData("path_open", "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)", "(i32.const 3) (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 128)", 76)]
    [InlineData("fd_prestat_get", "(param i32 i32) (result i32)", "(i32.const 3) (i32.const 128)", 8)]
    [InlineData("sock_send", "(param i32 i32 i32 i32 i32) (result i32)", "(i32.const 3) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 128)", 76)]
    [InlineData("poll_oneoff", "(param i32 i32 i32 i32) (result i32)", "(i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)", 58)]
    [InlineData("fd_read", "(param i32 i32 i32 i32) (result i32)", "(i32.const 3) (i32.const 0) (i32.const 1) (i32.const 16)", 8)]
    public async Task Call_FilesSocketsAndSleep_AreRefused(string name, string type, string arguments, int error)
    {
        var wasm = Wat.Command($"(call $exit (call $call {arguments}))", imports: $"""(import "wasi_snapshot_preview1" "{name}" (func $call {type}))""");
        Assert.Equal(error, (await RunAsync(wasm)).ExitCode);
    }

    [Fact]
    public void Compile_EveryFunctionOfPreview1_Links()
    {
        // Names and signatures of wasi_snapshot_preview1.witx; i is an i32, l an i64. proc_exit alone has no result.
        string[] all =
        [
            "args_get ii", "args_sizes_get ii", "clock_res_get ii", "clock_time_get ili", "environ_get ii", "environ_sizes_get ii", "fd_advise illi", "fd_allocate ill", "fd_close i", "fd_datasync i",
            "fd_fdstat_get ii", "fd_fdstat_set_flags ii", "fd_fdstat_set_rights ill", "fd_filestat_get ii", "fd_filestat_set_size il", "fd_filestat_set_times illi", "fd_pread iiili", "fd_prestat_dir_name iii",
            "fd_prestat_get ii", "fd_pwrite iiili", "fd_read iiii", "fd_readdir iiili", "fd_renumber ii", "fd_seek ilii", "fd_sync i", "fd_tell ii", "fd_write iiii", "path_create_directory iii",
            "path_filestat_get iiiii", "path_filestat_set_times iiiilli", "path_link iiiiiii", "path_open iiiiillii", "path_readlink iiiiii", "path_remove_directory iii", "path_rename iiiiii",
            "path_symlink iiiii", "path_unlink_file iii", "poll_oneoff iiii", "proc_exit i", "proc_raise i", "random_get ii", "sched_yield ", "sock_accept iii", "sock_recv iiiiii", "sock_send iiiii", "sock_shutdown ii",
        ];
        var imports = new StringBuilder();
        foreach (var (name, parameters) in all.Select(l => l.Split(' ')).Select(p => (p[0], p[1])))
        {
            var types = string.Concat(parameters.Select(p => p == 'l' ? " i64" : " i32"));
            imports.AppendLine($"(import \"wasi_snapshot_preview1\" \"{name}\" (func (param{types}){(name == "proc_exit" ? "" : " (result i32)")}))");
        }

        Assert.Equal(46, all.Length);
        Assert.Empty(Sandbox.Compile(Wat.Bytes($"(module {imports} (memory (export \"memory\") 1) (func (export \"_start\")))")).Faults);
    }
}
