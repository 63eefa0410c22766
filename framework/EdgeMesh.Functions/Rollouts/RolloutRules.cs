namespace EdgeMesh.Functions;

/// <summary>What a rollout's next step depends on.</summary>
/// <param name="Site">This site.</param>
/// <param name="Word">The deployment that is obeyed.</param>
/// <param name="RunsHere">Whether its bundle is here and meant for this site.</param>
/// <param name="Now">The time.</param>
/// <param name="Peers">What the sites say that try it first.</param>
public sealed record RolloutFacts(string Site, Deployment Word, bool RunsHere, DateTimeOffset Now, IReadOnlyList<PeerRollout> Peers)
{
    /// <summary>Whether its bundle is here and meant for other sites alone.</summary>
    public bool IsForOthers { get; init; }

    /// <summary>What the stable version did since the phase began.</summary>
    public RolloutTally Stable { get; init; }

    /// <summary>What the candidate did since the phase began.</summary>
    public RolloutTally Candidate { get; init; }
}

/// <summary>How a rollout goes on: pure, so that every step can be tried and repeated. Asking again without news changes nothing.</summary>
public static class RolloutRules
{
    /// <summary>Calls of the candidate before its errors count.</summary>
    public const int CallsToJudge = 5;

    /// <summary>Calls of both before their speed is compared.</summary>
    public const int CallsToCompare = 20;

    /// <summary>How many times as long a canary without enough calls may last before it is taken for healthy.</summary>
    private const int QuietFactor = 3;

    /// <summary>The next state.</summary>
    public static RolloutState Next(RolloutState state, RolloutFacts facts)
    {
        if (state.IsHeld && state.Stable is not null)
        {
            // What is being tried here must not go on being unhealthy because somebody holds the site.
            return state.Phase == RolloutPhase.Canary && IsDecidedOn(state, facts.Word) && Unhealthy(facts) is { } fault ? RollBack(state, facts, fault) : state;
        }

        return !IsDecidedOn(state, facts.Word) ? Begin(state, facts) : state.Phase switch
        {
            RolloutPhase.Waiting => Waiting(state, facts),
            RolloutPhase.Canary => Canary(state, facts),
            _ => state,
        };
    }

    /// <summary>Whether a rollout goes on by itself, with time, calls or other sites: somebody must look at it again.</summary>
    public static bool IsUnderWay(RolloutState state) => state.Phase is RolloutPhase.Canary or RolloutPhase.Waiting;

    /// <summary>When a canary that stays healthy is over; null: not by time.</summary>
    public static DateTimeOffset? Deadline(RolloutState state, RolloutFacts facts) =>
        state is { Phase: RolloutPhase.Canary, IsPaused: false, IsHeld: false } ? state.Since + Lasts(facts) : null;

    /// <summary>Has the site keep what it runs.</summary>
    public static RolloutState Hold(RolloutState state, string by) => state with { IsHeld = true, Reason = $"held by {by}" };

    /// <summary>Lets the site take what is deployed, also what was deployed meanwhile.</summary>
    public static RolloutState Release(RolloutState state, string by) => state with { IsHeld = false, Reason = $"released by {by}" };

    /// <summary>Stops the canary's clock.</summary>
    public static RolloutState Pause(RolloutState state, string by) => state with { IsPaused = true, Reason = $"paused by {by}" };

    /// <summary>Begins the canary's time anew.</summary>
    public static RolloutState Resume(RolloutState state, string by, DateTimeOffset now) => state with { IsPaused = false, Since = now, Reason = $"resumed by {by}" };

    /// <summary>The sites that were to try the candidate first, and have not proven it to one that waits.</summary>
    /// <param name="waiting">Its state.</param>
    /// <param name="peers">What the sites say that try it first.</param>
    public static IReadOnlyList<AwaitedSite> WaitsFor(RolloutState waiting, IReadOnlyList<PeerRollout> peers)
    {
        var isAnyLeft = peers.Any(p => p.HasProven(waiting) || p.WhyNot(waiting) is null);
        return [.. peers.Where(p => !p.HasProven(waiting)).Select(p => new AwaitedSite(p.Site, Why(p)))];

        string Why(PeerRollout peer) => peer.WhyNot(waiting) is not { } why ? peer.HowFar(waiting)
            : isAnyLeft ? $"{why}, so it does not count"
            : $"{why}, so nobody is left to try it: {(peer.State is { IsHeld: true } ? "release it, or deploy" : "deploy")} again, with other canary sites or none";
    }

    /// <summary>The bundle for a call.</summary>
    /// <param name="state">The rollout.</param>
    /// <param name="word">The deployment, for the share.</param>
    /// <param name="chance">From 0 up to 1.</param>
    public static string? Choose(RolloutState state, Deployment word, double chance) =>
        state.Phase == RolloutPhase.Canary && state.Generation == word.Generation && chance * 100 < word.Canary.Percent ? state.Candidate : state.Stable;

    private static RolloutState Begin(RolloutState state, RolloutFacts facts)
    {
        var word = facts.Word;
        if (!facts.RunsHere)
        {
            // Its bundle may still be on its way: until then what runs goes on. Where nothing runs there is nothing to end.
            return word.Bundle is null ? To(state, facts, RolloutPhase.Removed, null, null, "removed")
                : !facts.IsForOthers ? state
                : state.Stable is not null ? LeaveOut(state, facts)
                : word.Canary.Sites.Contains(facts.Site) && !(state.IsLeftOut && state.Generation == word.Generation) ? NotMeant(state, facts)
                : state;
        }

        if (state.Stable is null || word.Canary.IsNone || word.IsRollback || state.Stable == word.Bundle)
        {
            return To(state, facts, RolloutPhase.Steady, word.Bundle, null, word.IsRollback ? "rolled back by a deployer" : "deployed");
        }

        return word.Canary.Sites.IsEmpty || word.Canary.Sites.Contains(facts.Site)
            ? To(state, facts, RolloutPhase.Canary, state.Stable, word.Bundle, $"{word.Canary.Percent} % of the calls for {word.Canary.For}")
            : Wait(state, facts);
    }

    /// <summary>What runs here goes on until the candidate has proven itself where it is meant for.</summary>
    private static RolloutState LeaveOut(RolloutState state, RolloutFacts facts) => facts.Word.Canary.IsNone || facts.Word.IsRollback ? NotMeant(state, facts) : Wait(state, facts);

    /// <summary>Written also where nothing ran: others may wait for this site.</summary>
    private static RolloutState NotMeant(RolloutState state, RolloutFacts facts) =>
        To(state, facts, RolloutPhase.Removed, null, null, "what is deployed is meant for other sites") with { IsLeftOut = true };

    private static RolloutState Wait(RolloutState state, RolloutFacts facts) =>
        To(state, facts, RolloutPhase.Waiting, state.Stable, facts.Word.Bundle, $"{(facts.Peers.Count == 0 ? "other sites" : string.Join(", ", facts.Peers.Select(p => p.Site)))} try it first");

    private static RolloutState Waiting(RolloutState state, RolloutFacts facts)
    {
        // By bundle: of one generation there may be two words, and a later one says nothing of this candidate.
        if (facts.Peers.FirstOrDefault(p => p.State is { Phase: RolloutPhase.RolledBack } s && s.Generation >= state.Generation && s.Candidate == state.Candidate) is { } unhealthy)
        {
            return To(state, facts, RolloutPhase.RolledBack, state.Stable, state.Candidate, $"unhealthy at {unhealthy.Site}: {unhealthy.State!.Reason}");
        }

        // One that does not try it is not waited for, but somebody must have.
        var proven = facts.Peers.Where(p => p.HasProven(state)).ToArray();
        if (state.IsPaused || proven.Length == 0 || facts.Peers.Any(p => !p.HasProven(state) && p.WhyNot(state) is null))
        {
            return state;
        }

        var healthy = $"healthy at {string.Join(", ", proven.Select(p => p.Site))}";
        return facts.IsForOthers
            ? To(state, facts, RolloutPhase.Removed, null, null, $"{healthy}, and meant for other sites") with { IsLeftOut = true }
            : To(state, facts, RolloutPhase.Steady, state.Candidate, null, healthy);
    }

    private static RolloutState Canary(RolloutState state, RolloutFacts facts)
    {
        if (Unhealthy(facts) is { } fault)
        {
            return RollBack(state, facts, fault);
        }

        return !state.IsPaused && facts.Now - state.Since >= Lasts(facts)
            ? To(state, facts, RolloutPhase.Steady, state.Candidate, null, $"healthy in {facts.Candidate.Calls} calls")
            : state;
    }

    private static TimeSpan Lasts(RolloutFacts facts) => facts.Candidate.Calls >= CallsToJudge ? facts.Word.Canary.For : facts.Word.Canary.For * QuietFactor;

    /// <summary>Two words of one generation were signed on two sides of a cut: the bundle tells which of them a site decided on. One whose
    /// bundle came after it, or whose site became a target later, was not decided on.</summary>
    private static bool IsDecidedOn(RolloutState state, Deployment word) =>
        state.Generation > word.Generation || (state.Generation == word.Generation && word.Bundle == (state.Phase is RolloutPhase.Steady ? state.Stable : state.Candidate));

    private static RolloutState RollBack(RolloutState state, RolloutFacts facts, string fault) =>
        To(state, facts, RolloutPhase.RolledBack, state.Stable, state.Candidate, fault);

    private static string? Unhealthy(RolloutFacts facts)
    {
        var (stable, candidate, plan) = (facts.Stable, facts.Candidate, facts.Word.Canary);
        if (candidate.Calls >= CallsToJudge && candidate.ErrorPercent > stable.ErrorPercent + plan.MaxErrorPercent)
        {
            return FormattableString.Invariant($"{candidate.Failed} of {candidate.Calls} calls failed, before {stable.Failed} of {stable.Calls}");
        }

        return candidate.Calls >= CallsToCompare && stable.Calls >= CallsToCompare && candidate.MeanMilliseconds > stable.MeanMilliseconds * (1 + plan.MaxSlowerPercent / 100.0)
            ? FormattableString.Invariant($"its calls took {candidate.MeanMilliseconds:F1} ms on average, before {stable.MeanMilliseconds:F1} ms")
            : null;
    }

    private static RolloutState To(RolloutState state, RolloutFacts facts, RolloutPhase phase, string? stable, string? candidate, string reason) => state with
    {
        Generation = facts.Word.Generation, Phase = phase, Stable = stable, Candidate = candidate, Since = facts.Now, Reason = reason, IsPaused = false, IsLeftOut = false,
    };
}
