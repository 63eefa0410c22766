using System.Text.Json;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Reads what an app answers to <c>GET /dapr/config</c>: its actor types, and how to run each.</summary>
internal static class ActorConfig
{
    private static readonly Dictionary<string, ActorSettings> None = [];

    /// <returns>Settings by actor type; none when something is wrong: an app whose settings can't be read hosts nothing, as on daprd.</returns>
    public static IReadOnlyDictionary<string, ActorSettings> Read(JsonElement config, List<string> faults)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            return None;
        }

        try
        {
            var all = Settings(config, ActorSettings.Default);
            var types = Names(config).ToDictionary(name => name, _ => all, StringComparer.Ordinal);
            foreach (var own in Find(config, "entitiesConfig") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : default)
            {
                var settings = Settings(own, all);
                foreach (var name in Names(own).Where(types.ContainsKey))
                {
                    types[name] = settings;
                }
            }

            return types;
        }
        catch (ArgumentException error)
        {
            faults.Add($"GET /dapr/config: {error.Message} This app hosts no actors.");
            return None;
        }
    }

    private static IEnumerable<string> Names(JsonElement config) =>
        Find(config, "entities") is { ValueKind: JsonValueKind.Array } names
            ? names.EnumerateArray().Where(n => n.ValueKind == JsonValueKind.String).Select(n => n.GetString()!).Distinct(StringComparer.Ordinal)
            : [];

    private static ActorSettings Settings(JsonElement config, ActorSettings fallback)
    {
        var reentrancy = Find(config, "reentrancy");
        return new ActorSettings
        {
            IdleTimeout = Duration(config, "actorIdleTimeout") ?? fallback.IdleTimeout,
            DrainTimeout = Duration(config, "drainOngoingCallTimeout") ?? fallback.DrainTimeout,
            DrainMoved = Find(config, "drainRebalancedActors") is { ValueKind: JsonValueKind.True or JsonValueKind.False } drain ? drain.GetBoolean() : fallback.DrainMoved,
            Reentrant = reentrancy is { } own ? Find(own, "enabled") is { ValueKind: JsonValueKind.True } : fallback.Reentrant,
            MaxStackDepth = reentrancy is { } depth && Find(depth, "maxStackDepth") is { ValueKind: JsonValueKind.Number } limit && limit.TryGetInt32(out var calls) && calls > 0
                ? calls
                : fallback.MaxStackDepth,
        };
    }

    /// <exception cref="ArgumentException">It is no duration, or none that can be waited for.</exception>
    private static TimeSpan? Duration(JsonElement config, string name)
    {
        if (Find(config, name) is not { ValueKind: JsonValueKind.String } value || value.GetString() is not { Length: > 0 } text)
        {
            return null;
        }

        var duration = GoDuration.Parse(text, name);
        return duration >= TimeSpan.Zero ? duration : throw new ArgumentException($"'{name}' must not be negative, and is '{text}'.");
    }

    private static JsonElement? Find(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value : null;
}
