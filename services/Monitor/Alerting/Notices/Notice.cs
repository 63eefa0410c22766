using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>What is told at once by one route: the alerts of a group that fire, and those that are over since the last notice.</summary>
/// <param name="Route">The route.</param>
/// <param name="Group">What they have in common.</param>
/// <param name="Firing">Those that fire.</param>
/// <param name="Resolved">Those that are over.</param>
/// <param name="IsRepeat">Nothing is new: it is told again.</param>
internal sealed record Notice(string Route, string Group, ImmutableArray<Alert> Firing, ImmutableArray<Alert> Resolved, bool IsRepeat)
{
    /// <summary>So many alerts are listed; of more, the number.</summary>
    public const int MostListed = 20;

    /// <summary>Those listed: the worst first, then the oldest; then what is over.</summary>
    public IEnumerable<Alert> Listed => Firing.OrderByDescending(a => a.Severity).ThenBy(a => a.Since).Concat(Resolved).Take(MostListed);

    /// <summary>How many are not listed.</summary>
    public int NotListed => Math.Max(0, Firing.Length + Resolved.Length - MostListed);

    /// <summary>One line.</summary>
    public string Title
    {
        get
        {
            var worst = Firing.Concat(Resolved).MaxBy(a => a.Severity)!;
            var counts = (string[])[.. Firing.Length > 0 ? (string[])[$"{Firing.Length} firing"] : [], .. Resolved.Length > 0 ? (string[])[$"{Resolved.Length} over"] : []];
            return OneLine($"[{(Firing.IsEmpty ? "over" : worst.Severity.ToString().ToLowerInvariant())}] {Group}: {string.Join(", ", counts)}{(IsRepeat ? " (still)" : "")}");
        }
    }

    /// <summary>Plain text, a paragraph for each alert.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder();
            foreach (var alert in Listed)
            {
                Write(text, alert);
            }

            return NotListed == 0 ? text.ToString() : text.Append(CultureInfo.InvariantCulture, $"… and {NotListed} more.\n").ToString();
        }
    }

    private static void Write(StringBuilder text, Alert alert)
    {
        text.Append(CultureInfo.InvariantCulture, $"{(alert.State == AlertState.Resolved ? "OVER" : alert.Severity.ToString().ToUpperInvariant())}  {OneLine(alert.Summary)}\n");
        text.Append(CultureInfo.InvariantCulture, $"  site {alert.Site}{(alert.Service.Length > 0 ? $", service {OneLine(alert.Service)}" : "")}, rule {alert.Rule}, since {alert.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC\n");
        if (alert.Observed.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  came: {OneLine(alert.Observed)}{(alert.Expected.Length > 0 ? $"; expected: {OneLine(alert.Expected)}" : "")}\n");
        }

        foreach (var mark in alert.Similar)
        {
            text.Append(CultureInfo.InvariantCulture, $"  alike at {mark.Site}: {mark.Series} {mark.Observed:0.###}, expected {mark.Expected:0.###}, at {mark.Time.UtcDateTime:HH:mm:ss} UTC\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"  {alert.ConsoleUrl}\n\n");
    }

    /// <summary>Names come from telemetry: a line break in one must not make a line, or a header, of its own.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
