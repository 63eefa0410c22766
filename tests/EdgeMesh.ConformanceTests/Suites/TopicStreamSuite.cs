using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;
using Answer = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsRequestAlpha1, Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsResponseAlpha1>;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Streaming subscriptions: the client calls, events come, and are acknowledged by id.</summary>
public abstract class TopicStreamSuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_Event_HasItsAttributes()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var stream = await OpenAsync(grpc, "streamed");
        await PublishAsync(grpc, "streamed", """{"a":1}""", "application/json");
        var got = await NextAsync(stream);
        Assert.Equal(("alpha", "com.dapr.event.sent", "1.0", "application/json"), (got.Source, got.Type, got.SpecVersion, got.DataContentType));
        Assert.Equal(("pubsub", "streamed", "/", """{"a":1}"""), (got.PubsubName, got.Topic, got.Path, got.Data.ToStringUtf8()));
        Assert.Equal(["pubsubname", "time", "topic", "traceid", "traceparent", "tracestate"], got.Extensions.Fields.Keys.Order(StringComparer.Ordinal));
        await SettleAsync(stream, got.Id, Answer.Success);
    }

    [Fact]
    public async Task Stream_Acknowledged_TheNextComes()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var stream = await OpenAsync(grpc, "sequence");
        foreach (var text in new[] { "one", "two", "three" })
        {
            await PublishAsync(grpc, "sequence", text);
            var got = await NextAsync(stream);
            Assert.Equal(text, got.Data.ToStringUtf8());
            await SettleAsync(stream, got.Id, Answer.Success);
        }
    }

    [Fact]
    public async Task Stream_Raw_ComesAsItsBytes()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var stream = await OpenAsync(grpc, "raw-stream", ("rawPayload", "true"));
        await grpc.PublishEventAsync(new PublishEventRequest { PubsubName = "pubsub", Topic = "raw-stream", Data = ByteString.CopyFromUtf8("raw!"), Metadata = { ["rawPayload"] = "true" } }, Running.Token, cancellationToken: Cancellation);
        var got = await NextAsync(stream);
        Assert.Equal(("raw!", "application/octet-stream"), (got.Data.ToStringUtf8(), got.DataContentType));
        await SettleAsync(stream, got.Id, Answer.Success);
    }

    [Theory]
    [InlineData("retry", Answer.Retry)]
    [InlineData("drop", Answer.Drop)]
    public async Task Stream_NotTaken_GoesToDeadLetters(string name, Answer answer)
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var stream = await OpenAsync(grpc, "given-" + name, "dead-" + name);
        using var dead = await OpenAsync(grpc, "dead-" + name);
        await PublishAsync(grpc, "given-" + name, "unwanted");
        await SettleAsync(stream, (await NextAsync(stream)).Id, answer);
        var got = await NextAsync(dead);
        Assert.Equal("unwanted", got.Data.ToStringUtf8());
        await SettleAsync(dead, got.Id, Answer.Success);
    }

    /// <summary>So a client may close it after its last answer, and knows that all of them were taken when the sidecar ends it.</summary>
    [Fact]
    public async Task Stream_ThatItsClientClosed_IsEndedByTheSidecar()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var stream = await OpenAsync(grpc, "closed");
        await PublishAsync(grpc, "closed", "the last");
        await SettleAsync(stream, (await NextAsync(stream)).Id, Answer.Success);
        await stream.RequestStream.CompleteAsync();
        await EndsWithAsync(stream, StatusCode.Unknown, "EOF");
    }

    [Fact]
    public async Task Stream_TwoOfOneTopic_BothStand()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var first = await OpenAsync(grpc, "shared");
        using var second = await OpenAsync(grpc, "shared");
        await PublishAsync(grpc, "shared", "for one of them");
        var got = await await Task.WhenAny(NextAsync(first), NextAsync(second));
        Assert.Equal("for one of them", got.Data.ToStringUtf8());
    }

    [Theory]
    [InlineData("", "t", StatusCode.Unknown, "pubsubName is required")]
    [InlineData("pubsub", "", StatusCode.Unknown, "topic is required")]
    [InlineData("nosuch", "t", StatusCode.InvalidArgument, "pubsub nosuch is not found")]
    public async Task Open_BadRequest_HasDaprsStatus(string pubsub, string topic, StatusCode status, string detail)
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var stream = grpc.SubscribeTopicEventsAlpha1(Running.Token, cancellationToken: Cancellation);
        await stream.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = pubsub, Topic = topic } }, Cancellation);
        await EndsWithAsync(stream, status, detail);
    }

    [Fact]
    public async Task Open_WithoutOrWithTwoInitialRequests_IsRefused()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        using var none = grpc.SubscribeTopicEventsAlpha1(Running.Token, cancellationToken: Cancellation);
        await none.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = "x" } }, Cancellation);
        await EndsWithAsync(none, StatusCode.Unknown, "initial request is required");
        using var two = await OpenAsync(grpc, "twice-opened");
        await two.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "twice-opened" } }, Cancellation);
        await EndsWithAsync(two, StatusCode.Unknown, "duplicate initial request received");
        using var empty = grpc.SubscribeTopicEventsAlpha1(Running.Token, cancellationToken: Cancellation);
        await empty.RequestStream.CompleteAsync();
        await EndsWithAsync(empty, StatusCode.Unknown, "EOF");
    }

    private static async Task EndsWithAsync(Stream stream, StatusCode status, string detail)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));
        Assert.Equal((status, detail), (error.StatusCode, error.Status.Detail));
    }

    private static async Task<Stream> OpenAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc, string topic, string? deadLetters = null, params (string Name, string Value)[] metadata)
    {
        var stream = grpc.SubscribeTopicEventsAlpha1(Running.Token, cancellationToken: Cancellation);
        var initial = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = topic };
        if (deadLetters is not null)
        {
            initial.DeadLetterTopic = deadLetters;
        }

        foreach (var (name, value) in metadata)
        {
            initial.Metadata[name] = value;
        }

        await stream.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = initial }, Cancellation);
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        Assert.NotNull(stream.ResponseStream.Current.InitialResponse);
        return stream;
    }

    private static Task<Stream> OpenAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc, string topic, (string Name, string Value) metadata) => OpenAsync(grpc, topic, null, metadata);

    private static async Task<TopicEventRequest> NextAsync(Stream stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        return stream.ResponseStream.Current.EventMessage;
    }

    private static Task SettleAsync(Stream stream, string id, Answer answer) => stream.RequestStream.WriteAsync(
        new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = id, Status = new TopicEventResponse { Status = answer } } }, Cancellation);

    private static async Task PublishAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc, string topic, string data, string type = "text/plain") =>
        await grpc.PublishEventAsync(new PublishEventRequest { PubsubName = "pubsub", Topic = topic, Data = ByteString.CopyFromUtf8(data), DataContentType = type }, Running.Token, cancellationToken: Cancellation);
}

public sealed class EmbeddedTopicStreamTests(EmbeddedBlocksFixture fixture) : TopicStreamSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdTopicStreamTests(DaprdBlocksFixture fixture) : TopicStreamSuite(fixture);
