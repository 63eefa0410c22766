using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>The policies of one app, from the Resiliency resources in its scope, which are one: what is defined twice is as the later resource
/// has it. A target's own policies go before defaults (<c>Default…RetryPolicy</c> and the like), the more specific before the broader. Breakers
/// keep their state here.</summary>
internal sealed class ResilienceTable(string appId, IReadOnlyList<ResiliencySpec> specs, TimeProvider clock)
{
    /// <summary>Policies that are remembered, of names that callers may make up: as many as with daprd.</summary>
    private const int IdLimit = 5000;
    private const int LongestName = 256;
    private const string Inbounds = "inbound", Actors = "actor", Turn = "turn";

    private readonly ResiliencySpec _all = ResiliencySpec.Merge(specs);

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

    /// <summary>Of actor ids and of apps' methods, and of what <see cref="_policies"/> has no room for.</summary>
    private readonly RecentlyUsed<Target, ResiliencePolicy?> _byId = new(IdLimit);

    /// <summary>By actor type, where each id has one of its own besides.</summary>
    private readonly ConcurrentDictionary<string, CircuitBreaker> _shared = new(StringComparer.Ordinal);

    /// <summary>Of the resources in an app's scope.</summary>
    public static ResilienceTable For(string appId, IEnumerable<ResiliencySpec> all, TimeProvider clock) =>
        new(appId, [.. all.Where(s => s.IsFor(appId))], clock);

    /// <summary>The resources' names, for metadata.</summary>
    public IReadOnlyList<string> Names { get; } = [.. specs.Select(s => s.Name)];

    /// <summary>Calls to an app, whose methods have a circuit breaker each; null: made as they are.</summary>
    /// <param name="callee">The app, or an endpoint outside.</param>
    /// <param name="method">Its path; null: the callee has one breaker for all.</param>
    public ResiliencePolicy? App(string callee, string? method)
    {
        if (specs.Count == 0)
        {
            return null;
        }

        var policy = Get(new("app", callee, "", $"app_{callee}"), _all.Apps, ["App", ""]);
        return method is null || policy?.Breaks != true ? policy : Get(new("app", callee, Short(method), $"app_{callee}"), _all.Apps, ["App", ""]);
    }

    /// <summary>So many names are kept that a long one must not be.</summary>
    private static string Short(string method) => method.Length <= LongestName ? method : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(method)));

    /// <summary>Calls to an actor, without their time limit; null: made as they are.</summary>
    public ResiliencePolicy? Actor(string type, string id) =>
        specs.Count == 0 ? null : Get(new(Actors, type, ScopeOf(type) == BreakerScope.Type ? "" : Short(id), $"actor_{type}"), _all.Actors, ["Actor", ""]);

    /// <summary>The time limit of an actor's turn; null: none.</summary>
    public ResiliencePolicy? ActorTurn(string type) => specs.Count == 0 ? null : Get(new(Turn, type, "", $"actor_{type}"), _all.Actors, ["Actor", ""]);

    /// <summary>Calls to a component; null: made as they are.</summary>
    public ResiliencePolicy? Outbound(ComponentSpec component) =>
        specs.Count == 0 ? null : Get(new("outbound", component.Name, "", $"{Kind(component)}_{component.Name}"), _all.Outbound, [Kind(component) + "ComponentOutbound", "ComponentOutbound", "Component", ""]);

    /// <summary>What a component brings to the app; null: delivered once.</summary>
    public ResiliencePolicy? Inbound(ComponentSpec component) =>
        specs.Count == 0 ? null : Get(new(Inbounds, component.Name, "", $"{Kind(component)}_{component.Name}"), _all.Inbound, [Kind(component) + "ComponentInbound", "ComponentInbound", "Component", ""]);

    /// <summary>A retry that Dapr makes without being asked, or what a resource put in its place.</summary>
    public RetryRule BuiltInRetry(string name) => _all.Retries.GetValueOrDefault(name) ?? BuiltIn[name];

    private BreakerScope ScopeOf(string type) => _all.Actors.GetValueOrDefault(type)?.Scope ?? BreakerScope.Type;

    private ResiliencePolicy? Get(Target target, Dictionary<string, PolicyNames> targets, string[] defaults) =>
        target.Id.Length == 0 && _policies.TryGetValue(target, out var policy) ? policy : Add(target, targets, defaults);

    private ResiliencePolicy? Add(Target target, Dictionary<string, PolicyNames> targets, string[] defaults) =>
        target.Id.Length == 0 && _policies.Count < IdLimit
            ? _policies.GetOrAdd(target, t => Build(t, targets, defaults))
            : _byId.GetOrAdd(target, t => Build(t, targets, defaults));

    private ResiliencePolicy? Build(Target target, Dictionary<string, PolicyNames> targets, string[] defaults)
    {
        var names = targets.GetValueOrDefault(target.Name) ?? new PolicyNames(Default(_all.Timeouts, "TimeoutPolicy", defaults), Default(_all.Retries, "RetryPolicy", defaults), Default(_all.Breakers, "CircuitBreakerPolicy", defaults));
        TimeSpan? timeout = names.Timeout is { } limited && _all.Timeouts.TryGetValue(limited, out var limit) ? limit : null;
        if (target.Kind == Turn)
        {
            return timeout is null ? null : Policy(target, timeout, null, []);
        }

        var retry = names.Retry is { } retried ? _all.Retries.GetValueOrDefault(retried) ?? BuiltIn.GetValueOrDefault(retried) : null;
        var breakers = names.Breaker is { } breaker && _all.Breakers.TryGetValue(breaker, out var rule) ? Breakers(target, names.Scope, rule) : [];
        return Policy(target, target.Kind == Actors ? null : timeout, retry, breakers);
    }

    /// <summary>The target's own, and for actors that of its type, which all its ids share.</summary>
    private CircuitBreaker[] Breakers(Target target, BreakerScope scope, CircuitBreakerRule rule) => scope == BreakerScope.Both
        ? [_shared.GetOrAdd(target.Name, _ => new CircuitBreaker(rule, clock)), new CircuitBreaker(rule, clock)]
        : [new CircuitBreaker(rule, clock)];

    private ResiliencePolicy? Policy(Target target, TimeSpan? timeout, RetryRule? retry, CircuitBreaker[] breakers) =>
        timeout is null && retry is null && breakers.Length == 0
            ? null
            : new ResiliencePolicy(timeout, retry, breakers, clock, new ResilienceMetrics(appId, _all.Name, target.Kind == Inbounds, target.Label));

    /// <summary>The name of the most specific default that is defined.</summary>
    private static string? Default<T>(Dictionary<string, T> policies, string suffix, string[] defaults) =>
        defaults.Select(target => $"Default{target}{suffix}").FirstOrDefault(policies.ContainsKey);

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
    /// <param name="Id">Of an actor, or the method of an app, that has a breaker of its own; else empty.</param>
    /// <param name="Label">As metrics have it.</param>
    private readonly record struct Target(string Kind, string Name, string Id, string Label);
}
