namespace EdgeMesh.Functions;

/// <summary>What a function is and may do: the file that its author writes (<c>function.yaml</c>, schema in <see cref="ManifestReader.Schema"/>).</summary>
public sealed record FunctionManifest
{
    /// <summary>Unique in the mesh.</summary>
    public required string Name { get; init; }

    /// <summary>Three numbers with dots.</summary>
    public required string Version { get; init; }

    /// <summary>Whether it is older than another version of the function.</summary>
    public bool IsOlderThan(FunctionManifest other) => System.Version.Parse(Version) < System.Version.Parse(other.Version);

    /// <summary>For people.</summary>
    public string? Description { get; init; }

    /// <summary>The module's file, beside the manifest.</summary>
    public required string Module { get; init; }

    /// <summary>What calls it; at least one.</summary>
    public required IReadOnlyList<FunctionTrigger> Triggers { get; init; }

    /// <summary>What one call may use.</summary>
    public CallLimits Limits { get; init; } = new();

    /// <summary>What it may take of a site's sandbox.</summary>
    public FunctionShare Share { get; init; } = new();

    /// <summary>What it may keep at a site.</summary>
    public StateLimits State { get; init; } = StateLimits.Usual;

    /// <summary>What it may do beyond stdin and stdout.</summary>
    public FunctionPermissions Permissions { get; init; } = new();

    /// <summary>What <c>setting</c> answers before <see cref="Settings"/> where the site has it: by the function's name for it, the key in the
    /// site's configuration.</summary>
    public IReadOnlyDictionary<string, string> Configuration { get; init; } = new Dictionary<string, string>();

    /// <summary>What <c>setting</c> answers.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>What <c>secret</c> answers: by the function's name for it, the site's name of the secret.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it runs.</summary>
    public FunctionTargets Targets { get; init; } = new();
}

/// <summary>What a function may do beyond stdin and stdout; by default nothing.</summary>
public sealed record FunctionPermissions
{
    /// <summary>Whether it keeps state below its own prefix.</summary>
    public bool State { get; init; }

    /// <summary>Topics that it may publish to.</summary>
    public IReadOnlyList<string> Publish { get; init; } = [];

    /// <summary>What it may invoke: <c>METHOD app/path</c>; a last segment <c>*</c> stands for any one or more.</summary>
    public IReadOnlyList<string> Invoke { get; init; } = [];

    /// <summary>Whether its clocks have steps below a millisecond.</summary>
    public bool PreciseClock { get; init; }
}

/// <summary>The sites that a function is for.</summary>
public sealed record FunctionTargets
{
    /// <summary>By name; empty: any.</summary>
    public IReadOnlyList<string> Sites { get; init; } = [];

    /// <summary>By labels, all of which a site must have; empty: any.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a site is among them.</summary>
    public bool Include(string site, IReadOnlyDictionary<string, string> labels) =>
        (Sites.Count == 0 || Sites.Contains(site)) && Labels.All(l => labels.TryGetValue(l.Key, out var value) && value == l.Value);
}
