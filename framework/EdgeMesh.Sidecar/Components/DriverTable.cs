using EdgeMesh.Sidecar.Components.PubSubInMemory;
using EdgeMesh.Sidecar.Components.PubSubLink;
using EdgeMesh.Sidecar.Components.PubSubSqlite;
using EdgeMesh.Sidecar.Components.SecretsLocalEnv;
using EdgeMesh.Sidecar.Components.SecretsLocalFile;
using EdgeMesh.Sidecar.Components.StateInMemory;
using EdgeMesh.Sidecar.Components.StateSqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Every component type that this engine serves, with the metadata fields that it knows.</summary>
internal static class DriverTable
{
    public sealed record Driver(Func<ComponentSpec, ComponentContext, object> Open, params string[] Fields);

    /// <summary>Fields that the building blocks read, for all types of a block.</summary>
    private static readonly string[] StateFields = ["keyPrefix", "actorStateStore"];
    private static readonly string[] PubSubFields = ["consumerID", "allowedTopics", "publishingScopes", "subscriptionScopes", "protectedTopics"];

    private static readonly Dictionary<string, Driver> All = new(StringComparer.Ordinal)
    {
        ["state.in-memory/v1"] = new((_, context) => new MemoryStateStore(context.Clock), StateFields),
        ["state.sqlite/v1"] = new(
            (spec, context) => SqliteStateStore.Open(spec, context),
            [.. StateFields, .. SqliteStateSettings.Fields]),
        ["pubsub.in-memory/v1"] = new((_, context) => new MemoryBroker(context.Clock), PubSubFields),
        ["pubsub.edgemesh.sqlite/v1"] = new((spec, context) => SqliteBroker.Open(spec, context), [.. PubSubFields, .. SqliteBrokerOptions.Fields]),
        ["pubsub.edgemesh.link/v1"] = new((spec, context) => new LinkBroker(spec, context), [.. PubSubFields, "gateway", "peers", "queueLimit"]),
        ["secretstores.local.file/v1"] = new((spec, context) => LocalFileSecretStore.Open(spec, context), "secretsFile", "nestedSeparator", "multiValued"),
        ["secretstores.local.env/v1"] = new((spec, context) => new EnvironmentSecretStore(spec, context), "prefix"),
    };

    public static Driver? Find(string type, string version) => All.GetValueOrDefault($"{type}/{version}");

    public static IEnumerable<string> Types => All.Keys.Select(k => k[..k.IndexOf('/', StringComparison.Ordinal)]).Order(StringComparer.Ordinal);
}
