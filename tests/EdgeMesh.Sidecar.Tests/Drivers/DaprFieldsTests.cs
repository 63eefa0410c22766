using Confluent.Kafka;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.BindingsHttp;
using EdgeMesh.Sidecar.Components.PubSubKafka;
using EdgeMesh.Sidecar.Components.PubSubRabbitMq;

namespace EdgeMesh.Sidecar.Tests.Drivers;

/// <summary>Fields as Dapr's documentation writes them, and what they become. No server is needed for that.</summary>
public sealed class DaprFieldsTests
{
    [Theory]
    [InlineData("concurrencyMode", "single", 1)]
    [InlineData("concurrency", "single", 1)]
    [InlineData("concurrencyMode", "parallel", 20)]
    public void Rabbit_Concurrency_GoesByEitherName(string field, string value, int mostInHand)
    {
        Assert.Contains(field, RabbitOptions.Fields);
        Assert.Equal(mostInHand, RabbitOptions.Read(Spec("pubsub.rabbitmq", ("hostname", "x"), ("prefetchCount", "20"), (field, value))).MostInHand);
    }

    [Fact]
    public void Rabbit_ConcurrencyMode_GoesBeforeConcurrency() =>
        Assert.Equal(256, RabbitOptions.Read(Spec("pubsub.rabbitmq", ("hostname", "x"), ("concurrency", "single"), ("concurrencyMode", "parallel"))).MostInHand);

    [Theory]
    [InlineData("reconnectWait")]
    [InlineData("reconnectWaitSeconds")]
    public void Rabbit_ReconnectWait_GoesByEitherName(string field)
    {
        Assert.Contains(field, RabbitOptions.Fields);
        Assert.Equal(TimeSpan.FromSeconds(7), RabbitOptions.Read(Spec("pubsub.rabbitmq", ("hostname", "x"), (field, "7"))).ReconnectWait);
    }

    [Fact]
    public void Kafka_SmallFetchSize_IsOfAPartitionAndTakenByTheClient()
    {
        var config = KafkaGroup.Config(KafkaOptions.Read(Spec("pubsub.kafka", ("brokers", "127.0.0.1:1"), ("authType", "none"), ("consumerFetchDefault", "65536"))), "g");
        Assert.Equal(65536, config.MaxPartitionFetchBytes);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler(static (_, _) => { }).Build();
        Assert.NotNull(consumer.Name);
    }

    [Fact]
    public void Kafka_FieldsOfTheConnection_AreTheClients()
    {
        var client = KafkaOptions.Read(Spec(
            "pubsub.kafka", ("brokers", "127.0.0.1:1"), ("authType", "oidc"), ("oidcTokenEndpoint", "http://x"), ("oidcClientID", "i"), ("oidcClientSecret", "s"), ("oidcExtensions", """{"cluster":"c1","pool":"p"}"""),
            ("clientConnectionTopicMetadataRefreshInterval", "2m"), ("clientConnectionKeepAliveInterval", "30s"))).Client;
        Assert.Equal(("cluster=c1,pool=p", 120_000, true), (client.SaslOauthbearerExtensions, client.TopicMetadataRefreshIntervalMs, client.SocketKeepaliveEnable));
        Assert.All(["oidcExtensions", "channelBufferSize", "clientConnectionTopicMetadataRefreshInterval", "clientConnectionKeepAliveInterval"], f => Assert.Contains(f, KafkaOptions.Fields));
    }

    [Theory]
    [InlineData("0", 100L << 20)]
    [InlineData("", 100L << 20)]
    [InlineData("1Ki", 1024)]
    public void Http_MaxResponseBodySize_OfNothingIsTheDefault(string size, long expected) =>
        Assert.Equal(expected, HttpBindingOptions.Read(Spec("bindings.http", ("url", "http://x"), ("maxResponseBodySize", size))).MaxResponseBodySize);

    [Fact]
    public async Task Broker_BehindATap_StillExpiresItsMessages()
    {
        var context = new ComponentContext(Path.GetTempPath(), TimeProvider.System, new Dictionary<string, string>(), _ => null);
        await using var tapped = (IPubSubBroker)TappedComponents.Behind((_, next, _) => next(), "app", "mine", new RabbitBroker(Spec("pubsub.rabbitmq", ("hostname", "x")), context));
        Assert.True(tapped.ExpiresMessages);
    }

    private static ComponentSpec Spec(string type, params (string Name, string Value)[] fields) => new("mine", type, "v1", fields.ToDictionary(f => f.Name, f => f.Value));
}
