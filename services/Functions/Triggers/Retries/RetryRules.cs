namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>What becomes of a call that failed.</summary>
/// <param name="Retries">How often it may be tried again.</param>
/// <param name="DeadLetter">The topic where its data go when it failed for good; null: nowhere.</param>
internal sealed record RetryPlan(int Retries, string? DeadLetter);

/// <summary>How long a call that failed waits: 1, 2, 4 … seconds, five minutes at most.</summary>
internal static class RetryRules
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <param name="attempts">How often it was tried.</param>
    public static TimeSpan After(int attempts) => attempts >= 10 ? Longest : TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << (attempts - 1)));
}
