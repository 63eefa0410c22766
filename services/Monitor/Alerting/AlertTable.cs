using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>The site's alerts, as a value: what is wrong, what was, and what nobody wants to hear of. All lists are bounded.</summary>
internal sealed record AlertTable
{
    /// <summary>So many alerts at once; of more, nobody could read.</summary>
    public const int MostActive = 300;

    /// <summary>So many that are over are kept.</summary>
    public const int MostHistory = 300;

    /// <summary>So many silences.</summary>
    public const int MostSilences = 200;

    private const int MostSimilar = 5;

    /// <summary>Pending and firing, oldest first.</summary>
    public ImmutableArray<Alert> Active { get; init; } = [];

    /// <summary>Resolved, oldest first.</summary>
    public ImmutableArray<Alert> History { get; init; } = [];

    /// <summary>What held at the last look, and found no room beside what is more severe.</summary>
    public int LeftOut { get; init; }

    /// <summary>Those that are not over.</summary>
    public ImmutableArray<Silence> Silences { get; init; } = [];

    /// <summary>The table after a look at all rules.</summary>
    /// <param name="look">What the look gave.</param>
    /// <param name="console">The console's address, without a slash at its end.</param>
    /// <param name="now">When.</param>
    public AlertTable Next(Evaluation look, string console, DateTimeOffset now)
    {
        var silences = Silences.Any(s => s.Until <= now) ? [.. Silences.Where(s => s.Until > now)] : Silences;
        var findings = look.Findings.DistinctBy(f => f.Key).ToDictionary(f => f.Key);
        var stays = new List<Alert>();
        var over = new List<Alert>();
        foreach (var alert in Active)
        {
            var key = (alert.Rule, alert.Site, alert.Service, alert.Subject);
            if (findings.Remove(key, out var finding))
            {
                stays.Add(Held(alert, finding, now));
            }
            else if (look.Unknown.Contains(alert.Rule))
            {
                stays.Add(alert);
            }
            else if (alert.State == AlertState.Firing && now - alert.LastHeld < alert.KeepFor)
            {
                stays.Add(alert);
            }
            else if (alert.State == AlertState.Firing)
            {
                over.Add(Over(alert, now));
            }
        }

        var all = stays.Concat(findings.Values.Select(f => Held(Begin(f, console, now), f, now))).ToArray();
        var gone = MakeRoom(all, IsFading);
        over.AddRange(gone.Where(IsFading).Select(a => Over(a, now)));
        return this with
        {
            Active = [.. all.Except(gone).Select(a => a with { SilencedUntil = SilencedUntil(a, silences, now) })],
            LeftOut = gone.Count(a => !IsFading(a)),
            History = over.Count == 0 ? History : [.. History.Concat(over).TakeLast(MostHistory)],
            Silences = silences,
        };

        bool IsFading(Alert alert) => alert.State == AlertState.Firing && alert.LastHeld < now && !look.Unknown.Contains(alert.Rule);
    }

    /// <summary>With one silence more, in place of those that are over. Null: there is no room, and none of those that somebody relies on ends for it.</summary>
    public AlertTable? With(Silence silence, DateTimeOffset now) =>
        Silences.Where(s => s.Until > now).ToArray() is { Length: < MostSilences } others ? Silenced([.. others, silence], now) : null;

    /// <summary>Without a silence; null: there is none of that id.</summary>
    public AlertTable? WithoutSilence(string id, DateTimeOffset now) => Silences.Any(s => s.Id == id) ? Silenced([.. Silences.Where(s => s.Id != id)], now) : null;

    /// <summary>Whether another table has the same alerts in the same states: what is written to disk.</summary>
    public bool IsSameAs(AlertTable other) =>
        Silences == other.Silences && History == other.History && LeftOut == other.LeftOut
        && Active.Select(a => (a.Id, a.State, a.SilencedUntil, a.Similar.Length)).SequenceEqual(other.Active.Select(a => (a.Id, a.State, a.SilencedUntil, a.Similar.Length)));

    /// <summary>Those for which there is no room: first what does not hold any more and is kept in case it comes back, then the least severe, and
    /// of one severity the newest, so that what is shown stays.</summary>
    private static HashSet<Alert> MakeRoom(Alert[] all, Func<Alert, bool> isFading) =>
        [.. all.OrderBy(isFading).ThenByDescending(a => a.Severity).ThenByDescending(a => a.State).ThenBy(a => a.Since).Skip(MostActive)];

    private static Alert Over(Alert alert, DateTimeOffset now) => alert with { State = AlertState.Resolved, ResolvedAt = now, SilencedUntil = null };

    private AlertTable Silenced(ImmutableArray<Silence> silences, DateTimeOffset now) =>
        this with { Silences = silences, Active = [.. Active.Select(a => a with { SilencedUntil = SilencedUntil(a, silences, now) })] };

    private static DateTimeOffset? SilencedUntil(Alert alert, ImmutableArray<Silence> silences, DateTimeOffset now) =>
        silences.Where(s => s.Covers(alert, now)).Select(s => (DateTimeOffset?)s.Until).Max();

    private static Alert Begin(Finding finding, string console, DateTimeOffset now) => new()
    {
        Id = Id(finding, now),
        Rule = finding.Rule.Name,
        Severity = finding.Rule.Severity,
        Site = finding.Site,
        Service = finding.Service,
        Subject = finding.Subject,
        Summary = finding.Summary,
        Since = now,
        LastHeld = now,
        State = AlertState.Pending,
        ConsoleUrl = console + finding.Path,
    };

    private static Alert Held(Alert alert, Finding finding, DateTimeOffset now)
    {
        var fires = alert.State == AlertState.Firing || now - alert.Since >= finding.Rule.For;
        return alert with
        {
            Severity = finding.Rule.Severity,
            KeepFor = finding.Rule.KeepFor,
            Summary = finding.Summary,
            Observed = finding.Observed,
            Expected = finding.Expected,
            Similar = [.. finding.Similar.Take(MostSimilar)],
            LastHeld = now,
            State = fires ? AlertState.Firing : AlertState.Pending,
            FiringSince = alert.FiringSince ?? (fires ? now : null),
        };
    }

    private static string Id(Finding finding, DateTimeOffset now)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{finding.Rule.Name}\n{finding.Site}\n{finding.Service}\n{finding.Subject}\n{now.UtcTicks}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
