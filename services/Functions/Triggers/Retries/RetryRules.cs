namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>How long a call that failed waits: 1, 2, 4 … seconds, five minutes at most.</summary>
internal static class RetryRules
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <param name="attempts">How often it was tried.</param>
    public static TimeSpan After(int attempts) => attempts >= 10 ? Longest : TimeSpan.FromTicks(Math.Min(Longest.Ticks, First.Ticks << (attempts - 1)));
}
