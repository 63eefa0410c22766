namespace EdgeMesh.Functions.Tests;

/// <summary>Modules that were compiled before.</summary>
public sealed class MachineCodeTests : SandboxFixture
{
    [Fact]
    public async Task Restore_InASandboxOfAnotherProcess_RunsTheSame()
    {
        byte[] code;
        string digest;
        using (var before = new FunctionSandbox(new SandboxOptions { Concurrency = 1 }, TimeProvider.System))
        {
            using var compiled = before.Compile(Wat.Echo).Module!;
            (code, digest) = (compiled.ToMachineCode(), compiled.Digest);
        }

        var restored = Sandbox.Restore(digest, code);
        Assert.Empty(restored.Faults);
        Assert.Equal(digest, restored.Module!.Digest);
        var result = await Sandbox.Add(restored.Module, new FunctionShare()).CallAsync(new CallInput { Data = "abc"u8.ToArray() }, Cancel);
        Assert.Equal("abc", Text(result.Output));
    }

    [Fact]
    public async Task Restore_KeepsTheLimits()
    {
        using var compiled = Sandbox.Compile(Wat.EndlessLoop).Module!;
        using var restored = Sandbox.Restore(compiled.Digest, compiled.ToMachineCode()).Module!;
        var result = await Sandbox.Add(restored, new FunctionShare()).CallAsync(new CallInput { Limits = new CallLimits { Fuel = 100_000 } }, Cancel);
        Assert.Equal(CallOutcome.OutOfFuel, result.Outcome);
    }

    [Fact]
    public void Restore_WhatIsNoMachineCode_IsAFault()
    {
        foreach (var code in (byte[][])[[], [1, 2, 3], Wat.Echo])
        {
            var restored = Sandbox.Restore("sha256:00", code);
            Assert.Null(restored.Module);
            Assert.Contains("no machine code that this sandbox runs", Assert.Single(restored.Faults), StringComparison.Ordinal);
        }
    }
}
