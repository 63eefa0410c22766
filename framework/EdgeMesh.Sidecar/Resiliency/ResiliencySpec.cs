namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>A Resiliency resource: named policies, and who they are for.</summary>
internal sealed record ResiliencySpec(string Name, string Source)
{
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>What its targets name, and where. A policy may be any resource's.</summary>
    public List<PolicyUse> Uses { get; } = [];

    public Dictionary<string, TimeSpan> Timeouts { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, RetryRule> Retries { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, CircuitBreakerRule> Breakers { get; } = new(StringComparer.Ordinal);

    /// <summary>By app id.</summary>
    public Dictionary<string, PolicyNames> Apps { get; } = new(StringComparer.Ordinal);

    /// <summary>By actor type.</summary>
    public Dictionary<string, PolicyNames> Actors { get; } = new(StringComparer.Ordinal);

    /// <summary>Calls to a component, by its name.</summary>
    public Dictionary<string, PolicyNames> Outbound { get; } = new(StringComparer.Ordinal);

    /// <summary>What a component brings to the app, by its name.</summary>
    public Dictionary<string, PolicyNames> Inbound { get; } = new(StringComparer.Ordinal);

    /// <summary>All in one, by the name of the last.</summary>
    public static ResiliencySpec Merge(IReadOnlyList<ResiliencySpec> specs)
    {
        var all = new ResiliencySpec(specs.Count > 0 ? specs[^1].Name : "", "");
        foreach (var spec in specs)
        {
            Add(spec.Timeouts, all.Timeouts);
            Add(spec.Retries, all.Retries);
            Add(spec.Breakers, all.Breakers);
            Add(spec.Apps, all.Apps);
            Add(spec.Actors, all.Actors);
            Add(spec.Outbound, all.Outbound);
            Add(spec.Inbound, all.Inbound);
        }

        return all;
    }

    public bool IsFor(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);

    /// <summary>Tells of targets that name a policy which no resource for one of the apps defines. A resource for other sidecars' apps alone is
    /// theirs to check.</summary>
    public static void Check(IReadOnlyList<ResiliencySpec> specs, IEnumerable<string> appIds, List<string> faults)
    {
        var told = new HashSet<PolicyUse>();
        foreach (var appId in appIds)
        {
            var own = specs.Where(s => s.IsFor(appId)).ToArray();
            var all = Merge(own);
            faults.AddRange(own.SelectMany(s => s.Uses).Where(use => !all.Defines(use) && told.Add(use))
                .Select(use => $"{use.Source}: '{use.Kind}' names the policy '{use.Name}', which no Resiliency resource for '{appId}' defines. They define: {string.Join(", ", all.Defined(use.Kind).Order(StringComparer.Ordinal))}."));
        }
    }

    private bool Defines(PolicyUse use) => Defined(use.Kind).Contains(use.Name) || (use.Kind == "retry" && ResilienceTable.BuiltIn.ContainsKey(use.Name));

    private ICollection<string> Defined(string kind) => kind switch
    {
        "timeout" => Timeouts.Keys,
        "retry" => Retries.Keys,
        _ => Breakers.Keys,
    };

    private static void Add<T>(Dictionary<string, T> from, Dictionary<string, T> to)
    {
        foreach (var (name, value) in from)
        {
            to[name] = value;
        }
    }
}

/// <param name="Kind">timeout, retry or circuitBreaker.</param>
/// <param name="Name">The policy.</param>
/// <param name="Source">File and line of the target.</param>
internal sealed record PolicyUse(string Kind, string Name, string Source);

/// <summary>What a target names; null: nothing of that kind.</summary>
internal sealed record PolicyNames(string? Timeout, string? Retry, string? Breaker)
{
    /// <summary>For actors: whether each id has a breaker of its own, besides or in place of its type's.</summary>
    public BreakerScope Scope { get; init; }
}

internal enum BreakerScope
{
    Type,
    Id,
    Both,
}
