namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>A Resiliency resource: named policies, and who they are for.</summary>
internal sealed record ResiliencySpec(string Name, string Source)
{
    public IReadOnlyList<string> Scopes { get; init; } = [];

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
}

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
