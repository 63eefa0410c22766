using System.Runtime.CompilerServices;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Which topics of a component an app may publish and subscribe: Dapr's <c>allowedTopics</c>, <c>protectedTopics</c>,
/// <c>publishingScopes</c> and <c>subscriptionScopes</c> (<c>app1=topic1,topic2;app2=</c>).</summary>
internal sealed class TopicScopes
{
    /// <summary>Read once for each app's view of a component.</summary>
    private static readonly ConditionalWeakTable<ComponentSpec, TopicScopes> Read = [];

    private readonly HashSet<string>? _allowed;
    private readonly HashSet<string> _protected;
    private readonly HashSet<string>? _publishing;
    private readonly HashSet<string>? _subscription;

    private TopicScopes(ComponentSpec spec, string appId)
    {
        _allowed = Topics(spec["allowedTopics"]) is { Count: > 0 } allowed ? allowed : null;
        _protected = Topics(spec["protectedTopics"]);
        _publishing = Scope(spec["publishingScopes"], appId);
        _subscription = Scope(spec["subscriptionScopes"], appId);
    }

    public static bool MayPublish(ComponentSpec spec, string appId, string topic)
    {
        var scopes = Of(spec, appId);
        return scopes.May(scopes._publishing, topic);
    }

    public static bool MaySubscribe(ComponentSpec spec, string appId, string topic)
    {
        var scopes = Of(spec, appId);
        return scopes.May(scopes._subscription, topic);
    }

    /// <summary>Every app has a specification of its own, so the specification alone is the key.</summary>
    private static TopicScopes Of(ComponentSpec spec, string appId) =>
        Read.TryGetValue(spec, out var scopes) ? scopes : Read.GetValue(spec, s => new TopicScopes(s, appId));

    /// <summary>An app without a scope may use what is allowed and not protected; one with a scope only what that names.</summary>
    private bool May(HashSet<string>? scope, string topic) =>
        _allowed?.Contains(topic) != false && (scope?.Contains(topic) ?? !_protected.Contains(topic));

    private static HashSet<string>? Scope(string? scopes, string appId)
    {
        var own = (scopes ?? "").Replace(" ", "", StringComparison.Ordinal).Split(';')
            .Where(s => s.StartsWith(appId, StringComparison.Ordinal) && s.AsSpan(appId.Length).StartsWith("=", StringComparison.Ordinal))
            .Select(s => s[(appId.Length + 1)..]).ToArray();
        return own.Length == 0 ? null : Topics(string.Join(',', own));
    }

    private static HashSet<string> Topics(string? topics) =>
        [.. (topics ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
}
