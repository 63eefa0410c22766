namespace EdgeMesh.Functions;

/// <summary>What another site says of a rollout.</summary>
/// <param name="Site">Which.</param>
/// <param name="State">Its state; null: nothing was heard.</param>
public sealed record PeerRollout(string Site, RolloutState? State)
{
    /// <summary>Whether the mesh has such a site.</summary>
    public bool IsInMesh { get; init; } = true;

    /// <summary>Whether the candidate that another site waits for has become its stable version.</summary>
    internal bool HasProven(RolloutState waiting) => IsAsFar(waiting) && State is { Phase: RolloutPhase.Steady } s && s.Stable == waiting.Candidate;

    /// <summary>Why it does not try that candidate, though it was to; null: it does, or may still.</summary>
    internal string? WhyNot(RolloutState waiting) =>
        !IsInMesh ? "it is no site of this mesh"
        : State is { IsHeld: true } ? "it is held"
        : IsAsFar(waiting) && (State is { IsLeftOut: true } || (State is { Phase: RolloutPhase.Waiting } s && s.Candidate == waiting.Candidate)) ? "the function is not meant for it"
        : null;

    /// <summary>How far it is with that candidate.</summary>
    internal string HowFar(RolloutState waiting) => State switch
    {
        null => "nothing was heard of it",
        _ when !IsAsFar(waiting) => "it has not begun",
        { Phase: RolloutPhase.Canary } s when s.Candidate == waiting.Candidate => s.IsPaused ? "it is paused while it is trying it" : "it is trying it",
        _ => "it went on to another deployment",
    };

    private bool IsAsFar(RolloutState waiting) => State is { } s && s.Generation >= waiting.Generation;
}

/// <summary>A site that a rollout waits for, and why it has not proven the candidate, for people.</summary>
public sealed record AwaitedSite(string Site, string Why);
