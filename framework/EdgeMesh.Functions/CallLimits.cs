namespace EdgeMesh.Functions;

/// <summary>What one call may use. The sandbox's own limits (<see cref="SandboxOptions"/>) bound each of them.</summary>
public sealed record CallLimits
{
    /// <summary>Units of work, about one for each WebAssembly instruction. A hundred million are some 100 ms.</summary>
    public long Fuel { get; init; } = 1_000_000_000;

    /// <summary>From the call's first instruction to its last, host calls included.</summary>
    public TimeSpan WallClock { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Linear memory, in bytes; growing beyond it fails inside the function, as out of memory.</summary>
    public int MemoryBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>What it may read from stdin.</summary>
    public int InputBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>What it may write to stdout; one byte more ends the call.</summary>
    public int OutputBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>What of stderr is kept; more is dropped and counted, and does not end the call.</summary>
    public int LogBytes { get; init; } = 64 * 1024;

    /// <summary>Host calls (state, publish, invoke, …) in one call.</summary>
    public int HostCalls { get; init; } = 1_000;

    /// <summary>The same, but nothing beyond what a sandbox gives to any call.</summary>
    public CallLimits Within(SandboxOptions options) => this with
    {
        Fuel = Math.Min(Fuel, options.MaxFuel),
        WallClock = WallClock < options.MaxWallClock ? WallClock : options.MaxWallClock,
        MemoryBytes = (int)Math.Min(Math.Min(MemoryBytes, options.MaxMemoryBytes), options.MemoryBytes),
        InputBytes = Math.Min(InputBytes, options.MaxInputBytes),
        OutputBytes = Math.Min(OutputBytes, options.MaxOutputBytes),
        LogBytes = Math.Min(LogBytes, options.MaxLogBytes),
    };
}
