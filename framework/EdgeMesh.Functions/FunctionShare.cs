namespace EdgeMesh.Functions;

/// <summary>What a function may take of a sandbox that others use too.</summary>
public sealed record FunctionShare
{
    /// <summary>Its calls that run at once.</summary>
    public int Concurrency { get; init; } = 4;

    /// <summary>Its calls that wait; one more is answered <see cref="CallOutcome.Busy"/>.</summary>
    public int QueueLimit { get; init; } = 1_000;

    /// <summary>Its weight against the others, 1 to 100: while all have calls waiting, one of weight 4 gets four times as much of the threads' time as one of weight 1.</summary>
    public int Weight { get; init; } = 10;
}
