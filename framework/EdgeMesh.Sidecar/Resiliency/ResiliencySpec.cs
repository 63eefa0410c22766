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

    /// <summary>Tells of targets that name a policy which no resource for their apps defines.</summary>
    public static void Check(IReadOnlyList<ResiliencySpec> specs, List<string> faults)
    {
        foreach (var spec in specs.Where(s => s.Uses.Count > 0))
        {
            var all = Merge([.. specs.Where(s => s.Scopes.Count == 0 || spec.Scopes.Count == 0 || s.Scopes.Intersect(spec.Scopes, StringComparer.Ordinal).Any())]);
            faults.AddRange(spec.Uses.Select(use => (use, Known: all.Defined(use.Kind))).Where(u => !u.Known.Contains(u.use.Name) && !(u.use.Kind == "retry" && ResilienceTable.BuiltIn.ContainsKey(u.use.Name)))
                .Select(u => $"{u.use.Source}: '{u.use.Kind}' names the policy '{u.use.Name}', which no Resiliency resource defines. They define: {string.Join(", ", u.Known.Order(StringComparer.Ordinal))}."));
        }
    }

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
