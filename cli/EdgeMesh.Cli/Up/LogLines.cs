using EdgeMesh.Cli.Terminal;
using Spectre.Console;

namespace EdgeMesh.Cli.Up;

/// <summary>The sites' lines in one stream, each behind its site's name; a colour for each site on a terminal.</summary>
internal sealed class LogLines(Screen screen, IReadOnlyList<string> sites)
{
    private static readonly string[] Colors = ["aqua", "lime", "fuchsia", "yellow", "blue", "olive"];

    private readonly int width = sites.Max(s => s.Length);

    public void Write(string site, string line)
    {
        if (!screen.IsTerminal)
        {
            // A line of JSON says itself where it is from, and stays readable for programs.
            screen.Line(line.StartsWith('{') ? line : $"{site.PadRight(width)} {line}");
            return;
        }

        var color = Colors[Math.Max(0, sites.ToList().IndexOf(site)) % Colors.Length];
        var at = line.IndexOf($" {site}/", StringComparison.Ordinal);
        screen.Markup(at < 0
            ? $"[{color}]{site.PadRight(width)}[/] {line.EscapeMarkup()}"
            : $"{line[..at].EscapeMarkup()} [{color}]{site}[/]{line[(at + 1 + site.Length)..].EscapeMarkup()}");
    }
}
