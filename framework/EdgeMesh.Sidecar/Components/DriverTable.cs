using EdgeMesh.Sidecar.BuildingBlocks.Bindings;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components.BindingsCron;
using EdgeMesh.Sidecar.Components.BindingsHttp;
using EdgeMesh.Sidecar.Components.BindingsLocalStorage;
using EdgeMesh.Sidecar.Components.ConfigurationPostgresql;
using EdgeMesh.Sidecar.Components.ConfigurationRedis;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using EdgeMesh.Sidecar.Components.CryptoLocalStorage;
using EdgeMesh.Sidecar.Components.LockRedis;
using EdgeMesh.Sidecar.Components.LockSqlite;
using EdgeMesh.Sidecar.Components.Pluggable;
using EdgeMesh.Sidecar.Components.PubSubInMemory;
using EdgeMesh.Sidecar.Components.PubSubKafka;
using EdgeMesh.Sidecar.Components.PubSubLink;
using EdgeMesh.Sidecar.Components.PubSubRabbitMq;
using EdgeMesh.Sidecar.Components.PubSubSqlite;
using EdgeMesh.Sidecar.Components.SecretsLocalEnv;
using EdgeMesh.Sidecar.Components.SecretsLocalFile;
using EdgeMesh.Sidecar.Components.StateInMemory;
using EdgeMesh.Sidecar.Components.StatePostgresql;
using EdgeMesh.Sidecar.Components.StateRedis;
using EdgeMesh.Sidecar.Components.StateSqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Every component type that this engine serves, with the metadata fields that it knows.</summary>
internal static class DriverTable
{
    public sealed record Driver(Func<ComponentSpec, ComponentContext, object> Open, params string[] Fields)
    {
        /// <summary>Its fields are known to the component's own process alone.</summary>
        public bool TakesAnyField { get; init; }
    }

    /// <summary>Fields that the building blocks read, for all types of a block.</summary>
    private static readonly string[] StateFields = ["keyPrefix", "actorStateStore", .. OutboxOptions.Fields];
    private static readonly string[] PubSubFields = ["consumerID", "allowedTopics", "publishingScopes", "subscriptionScopes", "protectedTopics"];

    private static readonly Dictionary<string, Driver> All = new(StringComparer.Ordinal)
    {
        ["state.in-memory/v1"] = new((_, context) => new MemoryStateStore(context.Clock), StateFields),
        ["state.sqlite/v1"] = new(
            (spec, context) => SqliteStateStore.Open(spec, context),
            [.. StateFields, .. SqliteStateSettings.Fields]),
        ["state.postgresql/v2"] = new((spec, context) => new PostgresStateStore(spec, context), [.. StateFields, .. PostgresStateSettings.Fields]),
        ["state.redis/v1"] = new((spec, _) => new RedisStateStore(spec), [.. StateFields, .. RedisServer.Fields, "ttlInSeconds"]),
        ["pubsub.rabbitmq/v1"] = new((spec, context) => new RabbitBroker(spec, context), [.. PubSubFields, .. RabbitOptions.Fields]),
        ["pubsub.kafka/v1"] = new((spec, context) => new KafkaBroker(spec, context), [.. PubSubFields, .. KafkaOptions.Fields]),
        ["pubsub.in-memory/v1"] = new((_, context) => new MemoryBroker(context.Clock), PubSubFields),
        ["pubsub.edgemesh.sqlite/v1"] = new((spec, context) => SqliteBroker.Open(spec, context), [.. PubSubFields, .. SqliteBrokerOptions.Fields]),
        ["pubsub.edgemesh.link/v1"] = new((spec, context) => new LinkBroker(spec, context), [.. PubSubFields, "gateway", "peers", "queueLimit"]),
        ["bindings.cron/v1"] = new((spec, context) => CronBinding.Open(spec, context), [.. InputBindings.Fields, .. CronBinding.Fields]),
        ["bindings.http/v1"] = new((spec, context) => new HttpBinding(HttpBindingOptions.Read(spec), context.Clock), [.. InputBindings.Fields, .. HttpBindingOptions.Fields]),
        ["bindings.localstorage/v1"] = new((spec, context) => LocalStorageBinding.Open(spec, context), [.. InputBindings.Fields, "rootPath"]),
        ["configuration.edgemesh.sqlite/v1"] = new((spec, context) => SqliteConfigurationStore.Open(spec, context), SqliteConfigurationStore.Fields),
        ["configuration.postgresql/v1"] = new((spec, context) => new PostgresConfigurationStore(spec, context), PostgresConfigurationStore.Fields),
        ["configuration.redis/v1"] = new((spec, _) => new RedisConfigurationStore(spec), RedisServer.Fields),
        ["crypto.dapr.localstorage/v1"] = new((spec, context) => LocalStorageKeys.Open(spec, context), "path"),
        ["lock.edgemesh.sqlite/v1"] = new((spec, context) => SqliteLockStore.Open(spec, context), ["keyPrefix", .. SqliteLockStore.Fields]),
        ["lock.redis/v1"] = new((spec, _) => new RedisLockStore(spec), ["keyPrefix", .. RedisServer.Fields]),
        ["secretstores.local.file/v1"] = new((spec, context) => LocalFileSecretStore.Open(spec, context), "secretsFile", "nestedSeparator", "multiValued"),
        ["secretstores.local.env/v1"] = new((spec, context) => new EnvironmentSecretStore(spec, context), "prefix"),
    };

    /// <summary>A driver of this engine's own, else a component in a process of its own that listens on the socket of that name.</summary>
    public static Driver? Find(string type, string version, IReadOnlyDictionary<string, string> environment) =>
        All.GetValueOrDefault($"{type}/{version}") ?? FindPluggable(type, environment);

    private static Driver? FindPluggable(string type, IReadOnlyDictionary<string, string> environment) =>
        type.Split('.', 2) is not [var block, var name] || PluggableSocket.Find(name, environment) is not { } socket ? null : block switch
        {
            "state" => new Driver((spec, _) => new PluggableStateStore(spec, socket)) { TakesAnyField = true },
            "pubsub" => new Driver((spec, context) => new PluggableBroker(spec, socket, context)) { TakesAnyField = true },
            "bindings" => new Driver((spec, context) => new PluggableBinding(spec, socket, context)) { TakesAnyField = true },
            "secretstores" => new Driver((spec, _) => new PluggableSecretStore(spec, socket)) { TakesAnyField = true },
            _ => null,
        };

    public static IEnumerable<string> Types => All.Keys.Select(k => k.EndsWith("/v1", StringComparison.Ordinal) ? k[..^3] : k.Replace("/", " ", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
}
