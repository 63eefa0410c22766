using System.Globalization;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>What the alerts' part reads at start, checked. Keys below <c>EdgeMesh:Monitor:Alerts:</c>.</summary>
internal sealed record AlertOptions
{
    private const string Section = "EdgeMesh:Monitor:Alerts";

    /// <summary><c>Rules</c>: the file of rules; null: the one that comes with the service.</summary>
    public string? RulesFile { get; init; }

    /// <summary><c>LookSeconds</c>: from one look at the rules to the next.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>ConsoleUrl</c>: where people reach the console; by default at the site's gateway. Without a slash at its end.</summary>
    public string ConsoleUrl { get; init; } = "/console";

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static AlertOptions Read(IConfiguration configuration)
    {
        var (section, usual, faults) = (configuration.GetSection(Section), new AlertOptions(), new List<string>());
        var seconds = (int)usual.LookEvery.TotalSeconds;
        if (section["LookSeconds"] is { Length: > 0 } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= 3600))
        {
            faults.Add($"{Section}:LookSeconds is '{text}': give a whole number from 1 to 3600.");
        }

        var console = section["ConsoleUrl"] is { Length: > 0 } given ? given : (configuration["EdgeMesh:Gateway:PublicUrl"] ?? "").TrimEnd('/') + "/console";
        if (section["ConsoleUrl"] is { Length: > 0 } && !(Uri.TryCreate(console, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            faults.Add($"{Section}:ConsoleUrl is '{console}': give a whole address, such as https://site.example.org/console.");
        }

        return faults.Count == 0
            ? new()
            {
                RulesFile = section["Rules"] is { Length: > 0 } file ? file : null,
                LookEvery = TimeSpan.FromSeconds(seconds),
                ConsoleUrl = console.TrimEnd('/'),
            }
            : throw new InvalidOperationException("The alerts' part can't start:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)));
    }
}
