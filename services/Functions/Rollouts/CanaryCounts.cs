using System.Collections.Concurrent;
using EdgeMesh.Functions;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>What the versions of a canary did, as its actor keeps it.</summary>
/// <param name="Generation">The deployment's.</param>
/// <param name="Bundle">The candidate's.</param>
/// <param name="Stable">What the stable version did.</param>
/// <param name="Candidate">What the candidate did.</param>
internal sealed record CanaryTallies(long Generation, string? Bundle, RolloutTally Stable, RolloutTally Candidate);

/// <summary>Counts, for the latest canary of each function.</summary>
internal sealed class CanaryCounts
{
    private readonly ConcurrentDictionary<string, CanaryCount> _counts = new(StringComparer.Ordinal);

    /// <summary>That of a rollout's present canary; of one before it nothing is left.</summary>
    public CanaryCount Of(RolloutState state) => _counts.AddOrUpdate(
        state.Function,
        (_, s) => new CanaryCount(s.Generation, s.Candidate),
        (_, count, s) => count.Generation == s.Generation && count.Bundle == s.Candidate ? count : new CanaryCount(s.Generation, s.Candidate),
        state);
}

/// <summary>What both versions did in one canary. Many calls count at once.</summary>
internal sealed class CanaryCount(long generation, string? bundle)
{
    private readonly Lock _gate = new();
    private RolloutTally _stable;
    private RolloutTally _candidate;

    public long Generation => generation;

    public string? Bundle => bundle;

    /// <summary>Whether what an earlier process counted is in it.</summary>
    public bool IsRecalled { get; private set; }

    public CanaryTallies Read()
    {
        lock (_gate)
        {
            return new CanaryTallies(generation, bundle, _stable, _candidate);
        }
    }

    public void Add(bool isCandidate, bool failed, double milliseconds)
    {
        lock (_gate)
        {
            (_stable, _candidate) = isCandidate ? (_stable, _candidate.With(failed, milliseconds)) : (_stable.With(failed, milliseconds), _candidate);
        }
    }

    /// <summary>Adds what was kept of the same canary, once; of another one, nothing.</summary>
    public void Recall(CanaryTallies? kept)
    {
        lock (_gate)
        {
            if (!IsRecalled && kept is not null && kept.Generation == generation && kept.Bundle == bundle)
            {
                (_stable, _candidate) = (_stable.With(kept.Stable), _candidate.With(kept.Candidate));
            }

            IsRecalled = true;
        }
    }
}
