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
        var (reader, usual) = (new OptionReader(configuration, Section), new AlertOptions());
        var console = reader.Text("ConsoleUrl") ?? (configuration["EdgeMesh:Gateway:PublicUrl"] ?? "").TrimEnd('/') + usual.ConsoleUrl;
        if (reader.Text("ConsoleUrl") is not null && !(Uri.TryCreate(console, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
        {
            reader.Fault("ConsoleUrl", $"is '{console}': give a whole address, such as https://site.example.org/console.");
        }

        var options = new AlertOptions
        {
            RulesFile = reader.Text("Rules"),
            LookEvery = reader.Seconds("LookSeconds", usual.LookEvery, 1, 3600),
            ConsoleUrl = console.TrimEnd('/'),
        };
        reader.Done();
        return options;
    }
}
