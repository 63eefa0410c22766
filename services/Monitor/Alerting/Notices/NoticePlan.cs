using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>Decides what to tell whom, and when.</summary>
internal static class NoticePlan
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private const int MostDoublings = 10;

    /// <summary>What is due, and the groups as they are now.</summary>
    public static (IReadOnlyList<Notice> Due, ImmutableArray<ToldGroup> Told) Due(AlertTable table, ImmutableArray<ToldGroup> told, AlertRules rules, DateTimeOffset now)
    {
        var (due, kept) = (new List<Notice>(), new List<ToldGroup>());
        foreach (var route in rules.Routes)
        {
            var wanted = table.Active.Where(a => a.State == AlertState.Firing && IsFor(a, route, rules)).ToLookup(a => Group(a, rules.Notices));
            var known = told.Where(t => t.Route == route.Name).ToDictionary(t => t.Group, StringComparer.Ordinal);
            foreach (var group in wanted.Select(w => w.Key).Union(known.Keys))
            {
                var state = known.GetValueOrDefault(group) ?? new ToldGroup { Route = route.Name, Group = group };
                var (next, notice) = Decide(state, [.. wanted[group]], table, rules.Notices, now);
                if (next is not null)
                {
                    kept.Add(next);
                }

                if (notice is not null)
                {
                    due.Add(notice);
                }
            }
        }

        return (due, [.. kept]);
    }

    /// <summary>The group after a notice was brought through.</summary>
    public static ToldGroup Sent(ToldGroup group, Notice notice, DateTimeOffset now) => group with
    {
        Firing = group.Firing.Except(notice.Resolved.Select(a => a.Id)).Union(notice.Firing.Select(a => a.Id)),
        At = now, Repeats = notice.IsRepeat ? group.Repeats + 1 : 0, ChangedAt = null, Tries = 0, FirstTry = null, NextTry = null,
    };

    /// <summary>The group after a notice was not; and whether it is given up.</summary>
    public static (ToldGroup Group, bool GivenUp) Failed(ToldGroup group, Notice notice, NoticePolicy policy, Random random, DateTimeOffset now)
    {
        var first = group.FirstTry ?? now;
        if (now - first >= policy.GiveUpAfter)
        {
            return (Sent(group, notice, now), true);
        }

        var bound = Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(group.Tries, MostDoublings));
        var pause = TimeSpan.FromTicks((long)(bound * (0.5 + (0.5 * random.NextDouble()))));
        return (group with { Tries = group.Tries + 1, FirstTry = first, NextTry = now + pause }, false);
    }

    private static (ToldGroup? Group, Notice? Notice) Decide(ToldGroup group, Alert[] firing, AlertTable table, NoticePolicy policy, DateTimeOffset now)
    {
        // Silenced alerts are neither news nor repeated; of those that were told before, the end is told.
        var heard = firing.Where(a => a.SilencedUntil is null).ToArray();
        var stillFiring = firing.Select(a => a.Id).ToHashSet(StringComparer.Ordinal);
        var overIds = group.Firing.Where(id => !stillFiring.Contains(id)).ToArray();
        var over = table.History.Where(a => overIds.Contains(a.Id)).ToArray();

        // Too long ago for the history: nothing can be said of it any more.
        group = group with { Firing = group.Firing.Except(overIds.Except(over.Select(a => a.Id))) };
        var isNews = over.Length > 0 || heard.Any(a => !group.Firing.Contains(a.Id));
        if (!isNews && group.Firing.IsEmpty)
        {
            // Remembered until it may be told again: an alert that comes and goes makes no more notices than one that changes.
            return (now - group.At < policy.Interval ? group with { ChangedAt = null } : null, null);
        }

        group = isNews ? group with { ChangedAt = group.ChangedAt ?? now } : group with { ChangedAt = null };
        var isRepeat = !isNews && heard.Length > 0 && group.Repeats < policy.MostRepeats && now - group.At >= policy.RepeatEvery;
        var isDue = (isRepeat || (isNews && now - group.ChangedAt >= policy.Wait && (group.At is null || now - group.At >= policy.Interval))) && !(now < group.NextTry);
        return (group, isDue ? new Notice(group.Route, group.Group, [.. heard], [.. over], isRepeat) : null);
    }

    private static bool IsFor(Alert alert, AlertRoute route, AlertRules rules)
    {
        if (alert.Severity < route.LeastSeverity)
        {
            return false;
        }

        // That a route fails is told by the others.
        return alert.Rule == AlertRuleNames.RouteFailing
            ? alert.Subject != route.Name
            : rules.Rules.FirstOrDefault(r => r.Name == alert.Rule) is not { } rule || rule.Routes.Contains(route.Name);
    }

    private static string Group(Alert alert, NoticePolicy policy) => string.Join(" ", policy.GroupBy.Select(key => key switch
    {
        GroupKey.Rule => alert.Rule,
        GroupKey.Site => alert.Site,
        GroupKey.Service => alert.Service.Length > 0 ? alert.Service : "site",
        _ => alert.Severity.ToString().ToLowerInvariant(),
    }));
}
