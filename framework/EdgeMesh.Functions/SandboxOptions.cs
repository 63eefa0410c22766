namespace EdgeMesh.Functions;

/// <summary>What a sandbox may use of the machine. All of it is address space until it is used.</summary>
public sealed record SandboxOptions
{
    /// <summary>Calls that work at once, each on a thread of its own; more wait in their function's queue.</summary>
    public int Concurrency { get; init; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>Calls beside those that wait for the host, each on a thread of its own; beyond them nothing begins. So functions that call functions,
    /// or a service that answers slowly, do not keep others from work.</summary>
    public int WaitingForHost { get; init; } = 16;

    /// <summary>Calls that wait, all functions together.</summary>
    public int QueueLimit { get; init; } = 10_000;

    /// <summary>The memory that all calls under way may have together, those that wait for the host included; each counts with its limit. What does not fit waits.</summary>
    public long MemoryBytes { get; init; } = 1024L * 1024 * 1024;

    /// <summary>The most memory that any call may be given.</summary>
    public int MaxMemoryBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>The most that any call may read from stdin.</summary>
    public int MaxInputBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The most that any call may write to stdout.</summary>
    public int MaxOutputBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>The most of stderr that is kept of any call.</summary>
    public int MaxLogBytes { get; init; } = 1024 * 1024;

    /// <summary>The most fuel that any call may be given.</summary>
    public long MaxFuel { get; init; } = 1_000_000_000_000;

    /// <summary>The longest that any call may take.</summary>
    public TimeSpan MaxWallClock { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The largest module, in bytes.</summary>
    public int MaxModuleBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>The most entries of a function table.</summary>
    public int MaxTableElements { get; init; } = 20_000;

    /// <summary>WebAssembly's own stack; a call that goes deeper ends as <see cref="CallOutcome.StackOverflow"/>.</summary>
    public int StackBytes { get; init; } = 512 * 1024;

    /// <summary>How often running calls look at the clock.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(5);
}
