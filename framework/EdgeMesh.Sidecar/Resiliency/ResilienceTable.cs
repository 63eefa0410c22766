using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>The policies of one app, from the Resiliency resources in its scope. A target's own policies go before defaults
/// (<c>Default…RetryPolicy</c> and the like), the more specific before the broader. Breakers keep their state here.</summary>
internal sealed class ResilienceTable(string appId, IReadOnlyList<ResiliencySpec> specs, TimeProvider clock)
{
    /// <summary>Policies that are remembered: only actor ids can be that many.</summary>
    private const int IdLimit = 5000;
    private const string Inbounds = "inbound";

    private static readonly RetryRule ThreeSeconds = new() { Duration = TimeSpan.FromSeconds(1), MaxRetries = 3 };

    /// <summary>Retries that Dapr makes without being asked, by the names under which they can be replaced.</summary>
    public static readonly IReadOnlyDictionary<string, RetryRule> BuiltIn = new Dictionary<string, RetryRule>
    {
        ["DaprBuiltInServiceRetries"] = ThreeSeconds,
        ["DaprBuiltInActorRetries"] = ThreeSeconds,
        ["DaprBuiltInActorReminderRetries"] = new() { IsExponential = true, MaxInterval = TimeSpan.FromMinutes(1) },
        ["DaprBuiltInActorNotFoundRetries"] = new() { Duration = TimeSpan.FromSeconds(1), MaxRetries = 5 },
        ["DaprBuiltInInitializationRetries"] = new() { IsExponential = true, MaxRetries = 3, MaxInterval = TimeSpan.FromSeconds(1) },
    };

    private readonly ConcurrentDictionary<Target, ResiliencePolicy?> _policies = new();

    /// <summary>By actor type, where each id has one of its own besides.</summary>
    private readonly ConcurrentDictionary<string, CircuitBreaker> _shared = new(StringComparer.Ordinal);

    /// <summary>Of the resources in an app's scope.</summary>
    public static ResilienceTable For(string appId, IEnumerable<ResiliencySpec> all, TimeProvider clock) =>
        new(appId, [.. all.Where(s => s.Scopes.Count == 0 || s.Scopes.Contains(appId, StringComparer.Ordinal))], clock);

    /// <summary>The resources' names, for metadata.</summary>
    public IReadOnlyList<string> Names { get; } = [.. specs.Select(s => s.Name)];

    /// <summary>Calls to an app; null: made as they are.</summary>
    public ResiliencePolicy? App(string callee) => specs.Count == 0 ? null : Get(new("app", callee, "", $"app_{callee}"), s => s.Apps, ["App", ""]);

    /// <summary>Calls to an actor; null: made as they are.</summary>
    public ResiliencePolicy? Actor(string type, string id) =>
        specs.Count == 0 ? null : Get(new("actor", type, ScopeOf(type) == BreakerScope.Type ? "" : id, $"actor_{type}"), s => s.Actors, ["Actor", ""]);

    /// <summary>Calls to a component; null: made as they are.</summary>
    public ResiliencePolicy? Outbound(ComponentSpec component) =>
        specs.Count == 0 ? null : Get(new("outbound", component.Name, "", $"{Kind(component)}_{component.Name}"), s => s.Outbound, [Kind(component) + "ComponentOutbound", "ComponentOutbound", "Component", ""]);

    /// <summary>What a component brings to the app; null: delivered once.</summary>
    public ResiliencePolicy? Inbound(ComponentSpec component) =>
        specs.Count == 0 ? null : Get(new(Inbounds, component.Name, "", $"{Kind(component)}_{component.Name}"), s => s.Inbound, [Kind(component) + "ComponentInbound", "ComponentInbound", "Component", ""]);

    /// <summary>A retry that Dapr makes without being asked, or what a resource put in its place.</summary>
    public RetryRule BuiltInRetry(string name) => specs.Select(s => s.Retries.GetValueOrDefault(name)).FirstOrDefault(r => r is not null) ?? BuiltIn[name];

    private BreakerScope ScopeOf(string type) => specs.Select(s => s.Actors.GetValueOrDefault(type)).FirstOrDefault(n => n is not null)?.Scope ?? BreakerScope.Type;

    private ResiliencePolicy? Get(Target target, Func<ResiliencySpec, Dictionary<string, PolicyNames>> targets, string[] defaults)
    {
        if (_policies.TryGetValue(target, out var policy))
        {
            return policy;
        }

        if (_policies.Count > IdLimit)
        {
            // Breakers of actor ids begin anew; nothing else is lost.
            _policies.Clear();
        }

        return _policies.GetOrAdd(target, t => Build(t, targets, defaults));
    }

    private ResiliencePolicy? Build(Target target, Func<ResiliencySpec, Dictionary<string, PolicyNames>> targets, string[] defaults)
    {
        foreach (var spec in specs)
        {
            if (targets(spec).GetValueOrDefault(target.Name) is { } names)
            {
                return Build(
                    target,
                    spec,
                    names.Timeout is { } timeout && spec.Timeouts.TryGetValue(timeout, out var limit) ? limit : null,
                    names.Retry is { } retry ? spec.Retries.GetValueOrDefault(retry) ?? BuiltIn.GetValueOrDefault(retry) : null,
                    names.Breaker is { } breaker && spec.Breakers.TryGetValue(breaker, out var rule) ? Breakers(target, names.Scope, rule) : []);
            }
        }

        return Build(
            target,
            specs[0],
            Default<TimeSpan>(s => s.Timeouts.TryGetValue, "TimeoutPolicy", defaults, out var byDefault) ? byDefault : null,
            Default<RetryRule>(s => s.Retries.TryGetValue, "RetryPolicy", defaults, out var retries) ? retries : null,
            Default<CircuitBreakerRule>(s => s.Breakers.TryGetValue, "CircuitBreakerPolicy", defaults, out var trips) ? [new CircuitBreaker(trips, clock)] : []);
    }

    /// <summary>The target's own, and for actors that of its type, which all its ids share.</summary>
    private CircuitBreaker[] Breakers(Target target, BreakerScope scope, CircuitBreakerRule rule) => scope == BreakerScope.Both
        ? [_shared.GetOrAdd(target.Name, _ => new CircuitBreaker(rule, clock)), new CircuitBreaker(rule, clock)]
        : [new CircuitBreaker(rule, clock)];

    private ResiliencePolicy? Build(Target target, ResiliencySpec spec, TimeSpan? timeout, RetryRule? retry, CircuitBreaker[] breakers) =>
        timeout is null && retry is null && breakers.Length == 0
            ? null
            : new ResiliencePolicy(timeout, retry, breakers, clock, new ResilienceMetrics(appId, spec.Name, target.Kind == Inbounds, target.Label));

    private delegate bool Lookup<T>(string name, [MaybeNullWhen(false)] out T found);

    private bool Default<T>(Func<ResiliencySpec, Lookup<T>> lookup, string suffix, string[] defaults, [MaybeNullWhen(false)] out T found)
    {
        foreach (var target in defaults)
        {
            foreach (var spec in specs)
            {
                if (lookup(spec)($"Default{target}{suffix}", out found))
                {
                    return true;
                }
            }
        }

        found = default;
        return false;
    }

    /// <summary><c>state.sqlite</c> is a Statestore, <c>pubsub.…</c> a Pubsub, and so on.</summary>
    private static string Kind(ComponentSpec component) => component.Type[..Math.Max(0, component.Type.IndexOf('.', StringComparison.Ordinal))] switch
    {
        "state" => "Statestore",
        "pubsub" => "Pubsub",
        "bindings" => "Binding",
        "secretstores" => "Secretstore",
        "configuration" => "Configuration",
        "lock" => "Lock",
        "crypto" => "Crypto",
        _ => "",
    };

    /// <param name="Kind">Of its calls.</param>
    /// <param name="Name">App, actor type or component.</param>
    /// <param name="Id">Of an actor that has a breaker of its own; else empty.</param>
    /// <param name="Label">As metrics have it.</param>
    private readonly record struct Target(string Kind, string Name, string Id, string Label);
}
