namespace EdgeMesh.Functions;

/// <summary>How a call ended.</summary>
public enum CallOutcome
{
    /// <summary>The function returned, or left with exit code 0.</summary>
    Completed,

    /// <summary>The function left with another exit code: its own word that it failed.</summary>
    Failed,

    /// <summary>It did what WebAssembly forbids: an unreachable instruction, an access beyond its memory, a division by zero.</summary>
    Trapped,

    /// <summary>Its fuel is used up.</summary>
    OutOfFuel,

    /// <summary>Its time is over.</summary>
    OutOfTime,

    /// <summary>Its calls went too deep.</summary>
    StackOverflow,

    /// <summary>It wrote more to stdout than it may.</summary>
    OutputTooLarge,

    /// <summary>The data are more than it may be given; it was not started.</summary>
    InputTooLarge,

    /// <summary>It needs more memory or larger tables to begin than it may have; it was not started.</summary>
    TooLarge,

    /// <summary>Its module is not here whole, or can't run here; it was not started.</summary>
    NotLoaded,

    /// <summary>Its module can't be read now; it was not started. Try again later.</summary>
    Unavailable,

    /// <summary>The site failed while it worked for it, in a way that nobody foresaw; how far it came is not known.</summary>
    HostFailed,

    /// <summary>Too many calls wait; it was not started. Try again later.</summary>
    Busy,

    /// <summary>The caller gave up before it was started, or the sandbox closes.</summary>
    Canceled,
}

/// <summary>What came of a call.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="ExitCode">The exit code; 0 when it returned; null when it was stopped.</param>
/// <param name="Output">What it wrote to stdout, also when it failed.</param>
/// <param name="Log">What it wrote to stderr, as far as it is kept.</param>
/// <param name="Detail">Why it did not complete, in a sentence; null when it did.</param>
/// <param name="Usage">What it used.</param>
public sealed record CallResult(
    CallOutcome Outcome, int? ExitCode, ReadOnlyMemory<byte> Output, ReadOnlyMemory<byte> Log, string? Detail, CallUsage Usage)
{
    /// <summary>Whether it says nothing about the function: the same call may go well later.</summary>
    public bool IsDeferred => Outcome is CallOutcome.Busy or CallOutcome.Canceled or CallOutcome.Unavailable;

    /// <summary>Whether the function's code ran to an end, so that what it used is a measure of it.</summary>
    public bool WasStarted => !IsDeferred && Outcome is not (CallOutcome.InputTooLarge or CallOutcome.TooLarge or CallOutcome.NotLoaded or CallOutcome.HostFailed);

    /// <summary>Of a call that was not started, or of which nothing is known.</summary>
    public static CallResult NotStarted(CallOutcome outcome, string detail) => new(outcome, null, default, default, detail, CallUsage.None);
}

/// <summary>What a call used.</summary>
/// <param name="Fuel">Units of work.</param>
/// <param name="Waited">In the queue.</param>
/// <param name="Started">From leaving the queue to the first instruction: the cold start.</param>
/// <param name="Ran">From the first instruction to the last.</param>
/// <param name="MemoryBytes">Its linear memory at the end.</param>
/// <param name="LogBytesDropped">What of stderr was not kept.</param>
/// <param name="HostCalls">How often it called the host.</param>
/// <param name="InHost">Of <paramref name="Ran"/>, what host calls took.</param>
public sealed record CallUsage(long Fuel, TimeSpan Waited, TimeSpan Started, TimeSpan Ran, long MemoryBytes, long LogBytesDropped, int HostCalls, TimeSpan InHost)
{
    /// <summary>How long it kept a processor: its own instructions, on a thread of its own.</summary>
    public TimeSpan Worked => Ran - InHost;

    /// <summary>Of a call that was not started.</summary>
    public static CallUsage None { get; } = new(0, default, default, default, 0, 0, 0, default);
}
