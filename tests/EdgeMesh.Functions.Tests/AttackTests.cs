namespace EdgeMesh.Functions.Tests;

/// <summary>Modules that mean harm. Each ends in a result of its own, and the sandbox goes on.</summary>
public sealed class AttackTests : SandboxFixture
{
    private const string EveryHostCall = """
        (import "edgemesh_v1" "state_get" (func $state_get (param i32 i32) (result i32)))
        (import "edgemesh_v1" "state_set" (func $state_set (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "state_delete" (func $state_delete (param i32 i32) (result i32)))
        (import "edgemesh_v1" "publish" (func $publish (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "invoke" (func $invoke (param i32 i32 i32 i32) (result i32)))
        (import "edgemesh_v1" "setting" (func $setting (param i32 i32) (result i32)))
        (import "edgemesh_v1" "secret" (func $secret (param i32 i32) (result i32)))
        (import "edgemesh_v1" "count" (func $count (param i32 i32 f64) (result i32)))
        (import "edgemesh_v1" "answer" (func $answer (param i32 i32) (result i32)))
        """;

    private const string State = """(import "edgemesh_v1" "state_get" (func $state (param i32 i32) (result i32)))""";

    [Fact]
    public async Task Call_EndlessLoop_EndsOutOfFuel() =>
        await AssertAsync(CallOutcome.OutOfFuel, "fuel", Wat.EndlessLoop, new CallLimits { Fuel = 1_000_000 });

    [Fact]
    public async Task Call_EndlessLoopWithFuelForHours_EndsOutOfTime()
    {
        var result = await AssertAsync(CallOutcome.OutOfTime, "100 ms", Wat.EndlessLoop, new CallLimits { Fuel = long.MaxValue / 2, WallClock = TimeSpan.FromMilliseconds(100) });
        Assert.InRange(result.Usage.Ran.TotalMilliseconds, 50, 2_000);
    }

    [Fact]
    public async Task Call_EndlessRecursion_EndsInStackOverflow() =>
        await AssertAsync(CallOutcome.StackOverflow, "recursion", Wat.Command("(call $deep)", "(func $deep (call $deep) (call $deep))"));

    [Fact]
    public async Task Call_MemoryBomb_GetsNoMoreThanItMay()
    {
        // Grows page by page until that fails, then leaves with the number of pages.
        var bomb = Wat.Command("""
            (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
            (call $exit (memory.size))
            """);

        var result = await RunAsync(bomb, new CallInput { Limits = new CallLimits { MemoryBytes = 10 * 64 * 1024 } });

        Assert.Equal((CallOutcome.Failed, 10), (result.Outcome, result.ExitCode));
        Assert.Equal(10 * 64 * 1024, result.Usage.MemoryBytes);
    }

    [Fact]
    public async Task Call_MoreMemoryAtStartThanItMay_IsNotStarted() =>
        await AssertAsync(CallOutcome.TooLarge, "memory", Wat.Command("", memory: "100"), new CallLimits { MemoryBytes = 64 * 1024 });

    [Fact]
    public async Task Call_OutputBomb_EndsAtItsLimitAndKeepsWhatWasWritten()
    {
        var bomb = Wat.Command("""
            (i32.store (i32.const 4) (i32.const 1000))
            (loop $again (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))) (br $again))
            """);

        var result = await AssertAsync(CallOutcome.OutputTooLarge, "10500 bytes", bomb, new CallLimits { OutputBytes = 10_500 });
        Assert.Equal(10_000, result.Output.Length);
    }

    [Fact]
    public async Task Call_LogBomb_IsCutAndCountedAndDoesNotEndTheCall()
    {
        var bomb = Wat.Command("""
            (i32.store (i32.const 4) (i32.const 60000))
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
            """);

        var result = await RunAsync(bomb, new CallInput { Limits = new CallLimits { LogBytes = 70_000 } });

        Assert.Equal(CallOutcome.Completed, result.Outcome);
        Assert.Equal((70_000, 50_000), (result.Log.Length, result.Usage.LogBytesDropped));
    }

    [Theory]
    [InlineData("(unreachable)", "Unreachable")]
    [InlineData("(drop (i32.load (i32.const 0x7fffffff)))", "MemoryOutOfBounds")]
    [InlineData("(drop (i32.div_s (i32.const 1) (i32.const 0)))", "IntegerDivisionByZero")]
    public async Task Call_Trap_IsNamed(string body, string trap) => await AssertAsync(CallOutcome.Trapped, trap, Wat.Command(body));

    [Theory]
    [InlineData("(call $read (i32.const 0) (i32.const -8) (i32.const 1) (i32.const 16))")]
    [InlineData("(call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const -1))")]
    [InlineData("(call $write (i32.const 1) (i32.const 65534) (i32.const 1) (i32.const 16))")]
    public async Task Call_WildPointerToWasi_IsAnErrorNumberOfTheFunctions(string call)
    {
        var result = await RunAsync(Wat.Command($"(i32.store (i32.const 4) (i32.const 1)) (call $exit {call})"), new CallInput { Data = new byte[10] });
        Assert.Equal(21, result.ExitCode);
    }

    [Theory]
    [MemberData(nameof(WildHostCalls))]
    public async Task Call_WildPointerToTheHost_IsInvalidAndReachesNobody(string call)
    {
        var host = new MemoryFunctionHost();

        var result = await RunAsync(
            Wat.Command($"(i32.store8 (i32.const 0) (i32.const 7)) (i32.store8 (i32.const 8) (i32.const 97)) (call $exit (i32.sub (i32.const 0) {call}))", imports: EveryHostCall),
            new CallInput { Host = host });

        Assert.Equal(-(int)HostStatus.Invalid, result.ExitCode);
        Assert.Empty(host.Calls);
    }

    /// <summary>Every call with each name that can't be, and those that carry data with each that can't be.</summary>
    public static TheoryData<string> WildHostCalls()
    {
        const string Name = "(i32.const 8) (i32.const 1)", Nothing = "(i32.const 0) (i32.const 0)";
        string[] beyond = ["(i32.const -1) (i32.const 10)", "(i32.const 65530) (i32.const 10)", "(i32.const 0) (i32.const -5)", "(i32.const 2147483647) (i32.const 2147483647)"];
        string[] names = [.. beyond, "(i32.const 0) (i32.const 2000)", "(i32.const 0) (i32.const 1)", Nothing];
        string[] data = [.. beyond, "(i32.const 0) (i32.const 1048577)"];
        string[] naming = ["state_get", "state_delete", "setting", "secret"], carrying = ["state_set", "publish", "invoke"];
        return
        [
            .. from call in naming from name in names select $"(call ${call} {name})",
            .. from call in carrying from name in names select $"(call ${call} {name} {Nothing})",
            .. from call in carrying from bytes in data select $"(call ${call} {Name} {bytes})",
            .. from name in names select $"(call $count {name} (f64.const 1))",
            .. from number in (string[])["nan", "inf", "-inf"] select $"(call $count {Name} (f64.const {number}))",
            "(call $answer (i32.const -1) (i32.const 10))",
            "(call $answer (i32.const 0) (i32.const -5))",
        ];
    }

    [Fact]
    public async Task Call_HostCallWithoutGrant_IsDenied()
    {
        var result = await RunAsync(Wat.Command("(call $exit (i32.sub (i32.const 0) (call $state (i32.const 0) (i32.const 1))))", imports: State));
        Assert.Equal(-(int)HostStatus.Denied, result.ExitCode);
    }

    [Fact]
    public async Task Call_MoreHostCallsThanItMay_AreTooMuch()
    {
        var host = new MemoryFunctionHost();
        var loop = Wat.Command("""
            (i32.store8 (i32.const 0) (i32.const 97))
            (loop $again (br_if $again (i32.ne (call $state (i32.const 0) (i32.const 1)) (i32.const -5))))
            """, imports: State);

        var result = await RunAsync(loop, new CallInput { Host = host, Limits = new CallLimits { HostCalls = 7 } });

        Assert.Equal((CallOutcome.Completed, 7), (result.Outcome, result.Usage.HostCalls));
        Assert.Equal(7, host.Calls.Count);
    }

    [Theory]
    [InlineData("(module (import \"env\" \"system\" (func (param i32))) (memory (export \"memory\") 1) (func (export \"_start\")))", "env.system")]
    [InlineData("(module (import \"env\" \"memory\" (memory 1)) (export \"memory\" (memory 0)) (func (export \"_start\")))", "no function")]
    [InlineData("(module (memory (export \"memory\") 1) (func (export \"main\")))", "_start")]
    [InlineData("(module (memory (export \"memory\") 1) (func (export \"_start\") (param i32)))", "_start")]
    [InlineData("(module (func (export \"_start\")))", "memory")]
    [InlineData("(module (memory (export \"memory\") 60000) (func (export \"_start\")))", "memory")]
    [InlineData("(module (memory (export \"memory\") 1) (table 30000 funcref) (func (export \"_start\")))", "table")]
    public void Compile_ModuleThatIsNoFunction_SaysWhatIsWrong(string text, string says)
    {
        var compiled = Sandbox.Compile(Wat.Bytes(text));

        Assert.Null(compiled.Module);
        Assert.Contains(compiled.Faults, f => f.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void Compile_AnyCorruptionOfAModule_IsRefusedOrCompilesAndNeverCrashes()
    {
        var (echo, random) = (Wat.Echo, new Random(5));
        for (var i = 0; i < 500; i++)
        {
            var bytes = echo.ToArray();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using var module = Sandbox.Compile(bytes.AsSpan(0, random.Next(2) == 0 ? bytes.Length : random.Next(bytes.Length))).Module;
        }
    }

    [Fact]
    public async Task Call_StartSectionThatLoops_EndsToo() =>
        await AssertAsync(
            CallOutcome.OutOfFuel, "fuel", Wat.Command("", "(func $init (loop $again (br $again))) (start $init)"), new CallLimits { Fuel = 100_000 });

    [Fact]
    public async Task Call_MemoryOfTheCallBefore_IsGone()
    {
        // Leaves with the word at 1,000 and writes one there.
        var remembering = Add(Wat.Command("(local $was i32) (local.set $was (i32.load (i32.const 1000))) (i32.store (i32.const 1000) (i32.const 42)) (call $exit (local.get $was))"));

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(0, (await remembering.CallAsync(new CallInput(), Cancel)).ExitCode);
        }
    }

    [Fact]
    public async Task Call_BesideEveryAttack_IsAnsweredAsEver()
    {
        var limits = new CallLimits { Fuel = 20_000_000, WallClock = TimeSpan.FromMilliseconds(200) };
        var attackers = new[]
        {
            Add(Wat.EndlessLoop), Add(Wat.Command("(unreachable)")), Add(Wat.Command("(call $deep)", "(func $deep (call $deep) (call $deep))")),
            Add(Wat.Command("(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))")),
        };
        var echo = Add(Wat.Echo);

        var attacks = attackers.SelectMany(a => Enumerable.Range(0, 10).Select(_ => a.CallAsync(new CallInput { Limits = limits }, Cancel))).ToArray();
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => echo.CallAsync(new CallInput { Data = BitConverter.GetBytes(i) }, Cancel)));

        Assert.All(answers.Index(), a => Assert.Equal((CallOutcome.Completed, a.Index), (a.Item.Outcome, BitConverter.ToInt32(a.Item.Output.Span))));
        Assert.Equal(40, (await Task.WhenAll(attacks)).Length);
    }

    /// <summary>What the good one waits is compared, in the same run, with what it waits alone and with what the attackers ran: a slow machine is
    /// slow for all. In a queue without fairness it would wait for all twelve, on two threads for six of their calls.</summary>
    [Fact]
    public async Task Call_BesideAttackersThatNeverRest_WaitsForNoMoreThanWhatRunsAlready()
    {
        var attackers = Enumerable.Range(0, 12).Select(_ => Add(Wat.EndlessLoop, new FunctionShare { Concurrency = 1, Weight = 1 })).ToArray();
        var good = Add(Wat.Echo, new FunctionShare { Weight = 100 });
        var alone = await WaitsAsync(good);
        using var over = new CancellationTokenSource();
        var storm = attackers.SelectMany(a => Enumerable.Range(0, 2).Select(_ => StormAsync(a, over.Token))).ToArray();
        var beside = await WaitsAsync(good);
        await over.CancelAsync();
        var longest = (await Task.WhenAll(storm)).Max();

        TestContext.Current.TestOutputHelper!.WriteLine($"waits, p99: alone {alone.TotalMilliseconds:F2} ms, beside attackers {beside.TotalMilliseconds:F2} ms; the longest attack ran {longest.TotalMilliseconds:F2} ms");
        Assert.True(beside <= alone + 2 * longest, $"p99 of the wait is {beside} beside attackers and {alone} alone; the longest attack ran {longest}");
    }

    /// <summary>The longest run of one of its calls.</summary>
    private static async Task<TimeSpan> StormAsync(SandboxedFunction attacker, CancellationToken over)
    {
        var longest = TimeSpan.Zero;
        while (!over.IsCancellationRequested)
        {
            var result = await attacker.CallAsync(new CallInput { Limits = new CallLimits { Fuel = 5_000_000 } }, Cancel);
            Assert.Equal(CallOutcome.OutOfFuel, result.Outcome);
            longest = result.Usage.Ran > longest ? result.Usage.Ran : longest;
        }

        return longest;
    }

    /// <summary>The 99th percentile of what 200 calls, one after the other, wait in the queue.</summary>
    private static async Task<TimeSpan> WaitsAsync(SandboxedFunction function)
    {
        var waits = new List<TimeSpan>();
        for (var i = 0; i < 200; i++)
        {
            waits.Add((await function.CallAsync(new CallInput { Data = BitConverter.GetBytes(i) }, Cancel)).Usage.Waited);
        }

        return waits.Order().ElementAt(197);
    }

    private async Task<CallResult> AssertAsync(CallOutcome outcome, string says, byte[] wasm, CallLimits? limits = null)
    {
        var result = await RunAsync(wasm, new CallInput { Limits = limits ?? new CallLimits() });

        Assert.Equal(outcome, result.Outcome);
        Assert.Contains(says, result.Detail, StringComparison.Ordinal);
        Assert.Null(result.ExitCode);
        Assert.Equal(CallOutcome.Completed, (await RunAsync(Wat.Echo)).Outcome);
        return result;
    }
}
