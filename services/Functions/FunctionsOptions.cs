namespace EdgeMesh.Services.Functions;

/// <summary>What the service reads at start, checked. Keys below <c>EdgeMesh:Functions:</c>.</summary>
internal sealed record FunctionsOptions
{
    private const string Section = "EdgeMesh:Functions";
    private const string Door = "EdgeMesh:Gateway:PublicUrl";

    /// <summary><c>Labels</c>: what deployments may name in place of the site.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary><c>Concurrency</c>: calls that work at once, of all functions.</summary>
    public int Concurrency { get; init; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary><c>MemoryMegabytes</c>: what the calls under way may have of memory together, in MiB.</summary>
    public int MemoryMegabytes { get; init; } = 1024;

    /// <summary><c>LoadedModules</c>: compiled modules kept in memory; the one that was idle longest makes room.</summary>
    public int LoadedModules { get; init; } = 64;

    /// <summary><c>CompiledMegabytes</c>: machine code of modules that is kept on disk, in MiB; those that were used least recently make room.</summary>
    public int CompiledMegabytes { get; init; } = 256;

    /// <summary><c>KeptVersions</c>: bundles of each function that this site keeps for rolling back, the current one included.</summary>
    public int KeptVersions { get; init; } = 5;

    /// <summary><c>LoggedCalls</c>: calls of each function whose logs are kept in memory.</summary>
    public int LoggedCalls { get; init; } = 200;

    /// <summary><c>EdgeMesh:Gateway:PublicUrl</c>: the site's door as clients know it, for what functions are told of it; null: not told.</summary>
    public Uri? PublicUrl { get; init; }

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static FunctionsOptions Read(IConfiguration configuration)
    {
        var (section, usual, faults) = (configuration.GetSection(Section), new FunctionsOptions(), new List<string>());
        var options = new FunctionsOptions
        {
            Labels = section.GetSection("Labels").GetChildren().ToDictionary(l => l.Key, l => l.Value ?? "", StringComparer.Ordinal),
            Concurrency = Number("Concurrency", usual.Concurrency, 1024),
            MemoryMegabytes = Number("MemoryMegabytes", usual.MemoryMegabytes, 1_000_000),
            LoadedModules = Number("LoadedModules", usual.LoadedModules, 100_000),
            CompiledMegabytes = Number("CompiledMegabytes", usual.CompiledMegabytes, 1_000_000),
            KeptVersions = Number("KeptVersions", usual.KeptVersions, 1000),
            LoggedCalls = Number("LoggedCalls", usual.LoggedCalls, 100_000),
            PublicUrl = Uri.TryCreate(configuration[Door], UriKind.Absolute, out var door) ? door : null,
        };
        if (configuration[Door] is { Length: > 0 } url && options.PublicUrl is null)
        {
            faults.Add($"{Door} is '{url}': give the https address that clients use, such as https://127.0.0.1:7101.");
        }

        return faults.Count == 0 ? options : throw new InvalidOperationException("The functions can't start:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)));

        int Number(string key, int otherwise, int most)
        {
            if (section[key] is not { Length: > 0 } text)
            {
                return otherwise;
            }

            if (int.TryParse(text, out var value) && value >= 1 && value <= most)
            {
                return value;
            }

            faults.Add($"{Section}:{key} is '{text}': give a whole number from 1 to {most}.");
            return otherwise;
        }
    }
}
