using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>The dead-man's switch of one site, as a value: what it is, and all that the next decision needs. Silence is told at the moment
/// at which it became too long, so it does not matter how often, or how late, somebody looks.</summary>
internal sealed record LivenessState
{
    /// <summary>What the site is.</summary>
    public Liveness Is { get; init; }

    /// <summary>Since when; for a site that was never seen, since it is watched.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Its last report.</summary>
    public DateTimeOffset? LastSeen { get; init; }

    /// <summary>From where silence counts: the last report, or the later moment from which somebody listened.</summary>
    public required DateTimeOffset SilentFrom { get; init; }

    /// <summary>The first report since the last gap.</summary>
    public DateTimeOffset? SteadyFrom { get; init; }

    /// <summary>When it last fell, oldest first; no more of them than the rule counts.</summary>
    public ImmutableArray<DateTimeOffset> Falls { get; init; } = [];

    /// <summary>A site that nobody has heard of yet.</summary>
    public static LivenessState Watch(DateTimeOffset now) => new() { Since = now, SilentFrom = now };

    /// <summary>Whether it comes and goes.</summary>
    public bool IsFlapping(LivenessRules rules, DateTimeOffset now) => Falls.Count(f => now - f < rules.FlapWindow) >= rules.FlapFalls;

    /// <summary>When looking can next change anything; null: only a report can.</summary>
    public DateTimeOffset? Deadline(LivenessRules rules) => Is switch
    {
        Liveness.Live => SilentFrom + rules.StaleAfter,
        Liveness.Stale => SilentFrom + rules.OfflineAfter,
        _ => null,
    };

    /// <summary>Somebody looks: the next change that silence makes, or the same state.</summary>
    public LivenessState Look(LivenessRules rules, DateTimeOffset now)
    {
        if (Deadline(rules) is not { } deadline || now < deadline)
        {
            return this;
        }

        return Is == Liveness.Live
            ? this with { Is = Liveness.Stale, Since = deadline, Falls = [.. Falls.Append(deadline).TakeLast(rules.FlapFalls)] }
            : this with { Is = Liveness.Offline, Since = deadline };
    }

    /// <summary>A report came; whatever its silence made of the site was looked at before. A clock that was set back makes nothing older.</summary>
    public LivenessState Hear(LivenessRules rules, DateTimeOffset now)
    {
        now = now < SilentFrom ? SilentFrom : now;
        var steady = LastSeen is not null && now - SilentFrom < rules.StaleAfter ? SteadyFrom ?? now : now;
        var heard = this with { LastSeen = now, SilentFrom = now, SteadyFrom = steady };
        var next = Is == Liveness.Live || !IsFlapping(rules, now) || now - steady >= rules.SteadyFor ? Liveness.Live : Liveness.Stale;
        return next == Is ? heard : heard with { Is = next, Since = now };
    }

    /// <summary>Whoever listens was away until then: the silence before proves nothing.</summary>
    public LivenessState Resume(DateTimeOffset from) => from > SilentFrom ? this with { SilentFrom = from, SteadyFrom = null } : this;
}
