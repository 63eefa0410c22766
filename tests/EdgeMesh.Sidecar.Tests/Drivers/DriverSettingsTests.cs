namespace EdgeMesh.Sidecar.Tests.Drivers;

/// <summary>Bad settings of a driver end the start, and the fault names component and field. No server is needed for that.</summary>
public sealed class DriverSettingsTests
{
    public static TheoryData<string, string, string, string> Bad => new()
    {
        { "state.postgresql", "v2", "connectionString=", "'connectionString' is missing" },
        { "state.postgresql", "v2", "connectionString=host=x;tablePrefix=a b", "no table name" },
        { "state.postgresql", "v2", "connectionString=host=x;timeout=0", "'timeout' must be at least 1 s" },
        { "state.postgresql", "v2", "connectionString=host=x;queryExecMode=fast", "'queryExecMode' must be one of" },
        { "state.postgresql", "v2", "connectionString=host=x;useAzureAD=true", "'useAzureAD' is not a field" },
        { "state.postgresql", "v1", "connectionString=host=x", "state.postgresql v2" },
        { "state.redis", "v1", "redisHost=", "'redisHost' is missing" },
        { "state.redis", "v1", "redisHost=x:1;redisDB=first", "'redisDB' must be a whole number" },
        { "state.redis", "v1", "redisHost=x:1;failover=true", "'sentinelMasterName'" },
        { "state.redis", "v1", "redisHost=x:1;poolSize=20", "'poolSize' is not a field" },
        { "pubsub.rabbitmq", "v1", "connectionString=http://x", "amqp://" },
        { "pubsub.rabbitmq", "v1", "connectionString=amqp://x;protocol=amqps", "'protocol'" },
        { "pubsub.rabbitmq", "v1", "hostname=x;deliveryMode=3", "'deliveryMode' must be a whole number from 0 to 2" },
        { "pubsub.rabbitmq", "v1", "hostname=x;exchangeKind=star", "'exchangeKind' must be one of" },
        { "pubsub.rabbitmq", "v1", "hostname=x;durable=perhaps", "'durable' must be true or false" },
        { "pubsub.kafka", "v1", "authType=none", "'brokers' is missing" },
        { "pubsub.kafka", "v1", "brokers=x:1", "'authType' is missing" },
        { "pubsub.kafka", "v1", "brokers=x:1;authType=awsiam", "'authType' must be one of" },
        { "pubsub.kafka", "v1", "brokers=x:1;authType=password", "'saslUsername' is missing" },
        { "pubsub.kafka", "v1", "brokers=x:1;authType=none;initialOffset=middle", "'initialOffset' must be one of" },
        { "pubsub.kafka", "v1", "brokers=x:1;authType=none;version=new", "'version' must be a version" },
        { "pubsub.kafka", "v1", "brokers=x:1;authType=oidc;oidcTokenEndpoint=http://x;oidcClientID=i;oidcClientSecret=s;oidcExtensions=[1]", "'oidcExtensions' must be a JSON object" },
        { "pubsub.kafka", "v1", "brokers=x:1;authType=none;schemaRegistryURL=http://x", "'schemaRegistryURL' is not a field" },
    };

    [Theory, MemberData(nameof(Bad))]
    public async Task Start_BadSetting_IsRefusedByName(string type, string version, string fields, string expected)
    {
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => TestSidecar.StartAsync(DriverYaml.Component(type, version, fields)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("mine", error.Message, StringComparison.Ordinal);
    }
}
