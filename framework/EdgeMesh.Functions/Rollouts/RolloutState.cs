namespace EdgeMesh.Functions;

/// <summary>How far a site is with a function's latest deployment.</summary>
public enum RolloutPhase
{
    /// <summary>Every call goes to the stable version.</summary>
    Steady,

    /// <summary>Other sites try the candidate first; here every call still goes to the stable version, also when the candidate is meant for other sites alone.</summary>
    Waiting,

    /// <summary>A share of the calls goes to the candidate.</summary>
    Canary,

    /// <summary>The candidate was unhealthy; every call goes to the stable version until there is another deployment.</summary>
    RolledBack,

    /// <summary>The function does not run here.</summary>
    Removed,
}

/// <summary>What a version did during a canary.</summary>
/// <param name="Calls">Its calls.</param>
/// <param name="Failed">Those that did not complete.</param>
/// <param name="Milliseconds">What all of them took.</param>
public readonly record struct RolloutTally(long Calls, long Failed, double Milliseconds)
{
    /// <summary>Failed calls in a hundred.</summary>
    public double ErrorPercent => Calls == 0 ? 0 : 100.0 * Failed / Calls;

    /// <summary>On average.</summary>
    public double MeanMilliseconds => Calls == 0 ? 0 : Milliseconds / Calls;

    /// <summary>With one more call.</summary>
    public RolloutTally With(bool failed, double milliseconds) => new(Calls + 1, Failed + (failed ? 1 : 0), Milliseconds + milliseconds);

    /// <summary>With the calls of another tally.</summary>
    public RolloutTally With(RolloutTally other) => new(Calls + other.Calls, Failed + other.Failed, Milliseconds + other.Milliseconds);
}

/// <summary>A function's rollout at one site. Replaced as a whole; what is stored after each change, so that a crash at any step goes on
/// from the last.</summary>
/// <param name="Function">The function.</param>
public sealed record RolloutState(string Function)
{
    /// <summary>The deployment that it is about; 0: none yet.</summary>
    public long Generation { get; init; }

    /// <summary>How far it is.</summary>
    public RolloutPhase Phase { get; init; } = RolloutPhase.Removed;

    /// <summary>The bundle that calls go to; null: the function does not run here.</summary>
    public string? Stable { get; init; }

    /// <summary>The bundle that is being tried, or was found unhealthy.</summary>
    public string? Candidate { get; init; }

    /// <summary>Since when the phase lasts.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Why it is so, for people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Whether the site takes no new version, whatever is deployed.</summary>
    public bool IsHeld { get; init; }

    /// <summary>Whether it was removed because what is deployed is meant for other sites: it may come back to what it left.</summary>
    public bool IsLeftOut { get; init; }

    /// <summary>Whether the canary neither goes on nor ends by time; it is still rolled back when unhealthy.</summary>
    public bool IsPaused { get; init; }
}
