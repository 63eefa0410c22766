using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Console.Fleet;

/// <summary>What a site was when, as parts of a bar a thousand units wide.</summary>
internal static class SiteHistory
{
    private const int Width = 1000;

    public static IReadOnlyList<(Liveness State, int Left, int Width, string Words)> Parts(SiteState site, IReadOnlyList<LivenessChange> changes, DateTimeOffset from, DateTimeOffset now)
    {
        return [.. Spans(site, changes, from, now).Select(s =>
        {
            var (left, right) = (At(s.From), At(s.To));
            return (s.State, left, Math.Max(1, right - left), $"{s.State.Word()} from {Amounts.Moment(s.From)} for {Amounts.Span(s.To - s.From)}");
        })];

        int At(DateTimeOffset time) => (int)(Width * ((time - from) / (now - from)));
    }

    /// <summary>How long it was offline in all.</summary>
    public static TimeSpan Away(SiteState site, IReadOnlyList<LivenessChange> changes, DateTimeOffset from, DateTimeOffset now) =>
        TimeSpan.FromTicks(Spans(site, changes, from, now).Where(s => s.State == Liveness.Offline).Sum(s => (s.To - s.From).Ticks));

    private static IEnumerable<(Liveness State, DateTimeOffset From, DateTimeOffset To)> Spans(SiteState site, IReadOnlyList<LivenessChange> changes, DateTimeOffset from, DateTimeOffset now)
    {
        // Before the first change it was what that change says; without one, what it is, and only since then.
        var (state, since) = changes.Count > 0 ? (changes[0].From, from) : (site.Liveness, site.Since > from ? site.Since : from);
        foreach (var change in changes)
        {
            if (change.At > since)
            {
                yield return (state, since, change.At);
            }

            (state, since) = (change.To, change.At);
        }

        if (now > since)
        {
            yield return (state, since, now);
        }
    }
}
