using System.Text;

namespace EdgeMesh.Functions.Tests;

/// <summary>A sandbox's own limits, beyond which no function's go.</summary>
public sealed class CallLimitsTests
{
    private static readonly CallLimits Boundless = new()
    {
        Fuel = long.MaxValue, WallClock = TimeSpan.FromHours(1), InputBytes = int.MaxValue, OutputBytes = int.MaxValue, LogBytes = int.MaxValue,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_WithMoreFuelThanTheSandboxGives_EndsAtTheSandboxsOwn() =>
        Assert.Equal(CallOutcome.OutOfFuel, (await RunAsync(new SandboxOptions { MaxFuel = 1_000_000 }, Wat.EndlessLoop)).Outcome);

    [Fact]
    public async Task Call_WithMoreTimeThanTheSandboxGives_EndsAtTheSandboxsOwn() =>
        Assert.Equal(CallOutcome.OutOfTime, (await RunAsync(new SandboxOptions { MaxFuel = long.MaxValue, MaxWallClock = TimeSpan.FromMilliseconds(20) }, Wat.EndlessLoop)).Outcome);

    [Fact]
    public async Task Call_WithMoreInputThanTheSandboxGives_IsNotStarted() =>
        Assert.Equal(CallOutcome.InputTooLarge, (await RunAsync(new SandboxOptions { MaxInputBytes = 3 }, Wat.Echo, "four")).Outcome);

    [Fact]
    public async Task Call_ThatWritesMoreThanTheSandboxGives_EndsAtTheSandboxsOwn() =>
        Assert.Equal(CallOutcome.OutputTooLarge, (await RunAsync(new SandboxOptions { MaxOutputBytes = 3 }, Wat.Echo, "four")).Outcome);

    private static async Task<CallResult> RunAsync(SandboxOptions options, byte[] wasm, string data = "")
    {
        using var sandbox = new FunctionSandbox(options with { Concurrency = 1 }, TimeProvider.System);
        return await sandbox.Add(sandbox.Compile(wasm).Module!, new FunctionShare()).CallAsync(new CallInput { Data = Encoding.UTF8.GetBytes(data), Limits = Boundless }, Cancel);
    }
}
