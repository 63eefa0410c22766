using System.Text;
using Confluent.Kafka;
using CsCheck;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.PubSubKafka;
using EdgeMesh.Sidecar.Components.PubSubRabbitMq;
using RabbitMQ.Client;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Headers of a broker's messages, which strangers may have published: each becomes metadata, and what reaches an app is a header
/// that says nothing in another's name.</summary>
public sealed class HeaderTests
{
    private static readonly Gen<string> Names = Gen.OneOf(
        OneOf("Authorization", "dapr-api-token", "DAPR-caller-app-id", "Host", "content-length", "X-Forwarded-For", "x-edgemesh-user", "transfer-encoding", "__key", "ok"),
        Gen.String[Gen.Char["aZ-_: \r\n\té\ud83d\u0000"], 1, 20], Gen.String[Gen.Char["a"], 3000, 5000]);

    private static readonly Gen<byte[]> Bytes = Gen.OneOf(Gen.Byte.Array[0, 40], Gen.String[Gen.Char["a\r\n: é\ud83d"], 0, 20].Select(Encoding.UTF8.GetBytes));

    private static readonly Gen<object?> Values = Gen.OneOf(
        Bytes.Select(b => (object?)b), Gen.Int.Select(i => (object?)i), Gen.Double.Select(d => (object?)d), Gen.Bool.Select(b => (object?)b), Gen.Const((object?)null),
        Gen.Const((object?)new List<object?> { 1, new byte[] { 255 }, null }), Gen.Const((object?)new Dictionary<string, object?> { ["a"] = new List<object?>() }), Gen.Const((object?)new AmqpTimestamp(long.MaxValue)));

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    [Fact]
    public void Kafka_AnyHeaders_AreMetadata()
    {
        var options = new[] { Read(), Read(("escapeHeaders", "true")), Read(("excludeHeaderMetaRegex", "^(a+)+$")) };
        Gen.Select(Gen.Select(Names, Bytes).Array[0, 6], Bytes, Gen.Int[0, options.Length - 1]).Sample((headers, key, option) =>
        {
            var message = new Message<byte[]?, byte[]> { Key = key, Value = [], Headers = [] };
            foreach (var (name, value) in headers)
            {
                message.Headers.Add(name, value);
            }

            AssertPasses(KafkaPartition.Metadata(new ConsumeResult<byte[]?, byte[]> { Topic = "t", Message = message }, options[option]));
        }, iter: 500);
    }

    [Fact]
    public void RabbitMq_AnyProperties_AreMetadata() => Gen.Select(Gen.Select(Names, Values).Array[0, 6], Names).Sample((headers, id) =>
    {
        var properties = new BasicProperties { MessageId = id, CorrelationId = id, Type = id, ContentType = id, Headers = new Dictionary<string, object?>() };
        foreach (var (name, value) in headers)
        {
            properties.Headers[name] = value;
        }

        AssertPasses(RabbitConsumer.Metadata(properties));
    }, iter: 500);

    private static void AssertPasses(Dictionary<string, string> metadata)
    {
        using var request = new HttpRequestMessage();
        MessageHeaders.Add(request.Headers, metadata);
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            Assert.DoesNotContain(name.ToUpperInvariant(), (string[])["AUTHORIZATION", "HOST", "TRANSFER-ENCODING"]);
            Assert.False(name.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("x-", StringComparison.OrdinalIgnoreCase) || name.StartsWith("content-", StringComparison.OrdinalIgnoreCase));
            Assert.All(values, value => Assert.True(MessageHeaders.IsValue(value)));
        }
    }

    private static KafkaOptions Read(params (string Name, string Value)[] fields) => KafkaOptions.Read(
        new ComponentSpec("mine", "pubsub.kafka", "v1", new Dictionary<string, string>(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))) { ["brokers"] = "127.0.0.1:1", ["authType"] = "none" }));
}
