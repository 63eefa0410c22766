using System.Collections.Concurrent;
using System.Text;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using Grpc.Core;
using Answer = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EdgeMesh.Sidecar.Tests.PubSub;

/// <summary>Subscriptions by a stream of the app's.</summary>
public sealed class TopicStreamTests
{
    [Fact]
    public async Task EndOfInflow_TakesTheAnswerOfTheMessageInHand_AndBringsNoOther()
    {
        var sidecar = await TestSidecar.StartAsync(Yaml.Component("pubsub", "pubsub.in-memory"));
        using var http = sidecar.Http();
        using var call = sidecar.Grpc().SubscribeTopicEventsAlpha1(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await call.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "t" } }, TestSidecar.Cancellation);
        Assert.NotNull((await NextAsync(call)).InitialResponse);
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/t", "1").StatusAsync());
        var first = await NextAsync(call);

        var ending = sidecar.EndInflowAsync();
        Assert.False(ending.IsCompleted);
        await SettleAsync(call, first.EventMessage.Id);
        await ending.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);

        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/t", "2").StatusAsync());
        var next = call.ResponseStream.MoveNext(TestSidecar.Cancellation);
        await sidecar.DisposeAsync();
        Assert.False(await next);
    }

    /// <summary>A client that stops with its sidecar reads no more, so what is on its way to it is never answered.</summary>
    [Fact]
    public async Task End_ByTheClientWhileTheSidecarStops_WaitsForNoMessageThatNobodyRead()
    {
        await using var sidecar = await TestSidecar.StartAsync(Yaml.Component("pubsub", "pubsub.in-memory"));
        using var http = sidecar.Http();
        using var call = sidecar.Grpc().SubscribeTopicEventsAlpha1(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await call.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "t" } }, TestSidecar.Cancellation);
        Assert.NotNull((await NextAsync(call)).InitialResponse);
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/t", "1").StatusAsync());
        await NextAsync(call);

        var ending = sidecar.EndInflowAsync();
        await call.RequestStream.CompleteAsync();
        Assert.Equal("EOF", (await Assert.ThrowsAsync<RpcException>(() => NextAsync(call))).Status.Detail);
        await ending.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);
    }

    [Fact]
    public async Task Answer_ToADeliveryWhoseTimeWasOver_SettlesTheNext()
    {
        const string policy = """
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies: { timeouts: { short: 1s }, retries: { often: { duration: 1ms, maxRetries: 5 } } }
              targets: { components: { pubsub: { inbound: { timeout: short, retry: often } } } }

            """;
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var sidecar = await TestSidecar.StartAsync(Yaml.Component("pubsub", "pubsub.in-memory") + policy, change: o => o with { Clock = clock });
        using var http = sidecar.Http();
        using var call = sidecar.Grpc().SubscribeTopicEventsAlpha1(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await call.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "t" } }, TestSidecar.Cancellation);
        Assert.NotNull((await NextAsync(call)).InitialResponse);
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/t", "1").StatusAsync());
        var first = (await NextAsync(call)).EventMessage;

        // No answer in time: it comes again.
        Assert.Equal(first.Id, (await NextAsync(call, clock)).EventMessage.Id);
        await SettleAsync(call, first.Id);

        // The next message comes once this one is settled. One more may be under way, and the clock may take its time too.
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/t", "2").StatusAsync());
        var next = await NextAsync(call, clock);
        for (var more = 0; more < 20 && next.EventMessage.Id == first.Id; more++)
        {
            await SettleAsync(call, first.Id);
            next = await NextAsync(call, clock);
        }

        Assert.NotEqual(first.Id, next.EventMessage.Id);
    }

    /// <summary>The client answers and goes, faster than the write of the message returns.</summary>
    [Fact]
    public async Task Deliver_OfAMessageThatIsAnsweredBeforeItsStreamEnds_HasTheAnswer()
    {
        using var closed = new CancellationTokenSource();
        TopicStream? stream = null;
        stream = new TopicStream(new Subscription("pubsub", "t", [], "/"), new Writer(_ =>
        {
            stream!.Settle(Processed("5", Answer.Drop));
            closed.Cancel();
            throw new OperationCanceledException(closed.Token);
        }), closed.Token);

        Assert.Equal(Verdict.Drop, await stream.DeliverAsync(Parcel("5", "a"), TestSidecar.Cancellation));
    }

    /// <summary>An answer names the id alone, which two sources may both use.</summary>
    [Fact]
    public async Task Deliver_OfTwoMessagesOfOneId_BringsTheSecondWhenTheFirstIsSettled()
    {
        var brought = new BlockingCollection<string>();
        var stream = new TopicStream(new Subscription("pubsub", "t", [], "/"), new Writer(m => brought.Add(m.EventMessage.Source)), TestSidecar.Cancellation);
        var (first, second) = (stream.DeliverAsync(Parcel("5", "a"), TestSidecar.Cancellation), stream.DeliverAsync(Parcel("5", "b"), TestSidecar.Cancellation));
        Assert.Equal("a", Assert.Single(brought));

        stream.Settle(Processed("5", Answer.Retry));
        Assert.Equal(Verdict.Retry, await first);
        Assert.Equal(["a", "b"], await Task.Run(() => (string[])[brought.Take(TestSidecar.Cancellation), brought.Take(TestSidecar.Cancellation)]));
        stream.Settle(Processed("5", Answer.Success));
        Assert.Equal(Verdict.Success, await second);
    }

    private static Parcel Parcel(string id, string source)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"specversion":"1.0","id":"{{id}}","source":"{{source}}","type":"t","data":1}""");
        return new Parcel(new BrokerMessage("t", body, BrokerMessage.NoMetadata), new Envelope(id, null, null, null), body, "/");
    }

    private static SubscribeTopicEventsRequestProcessedAlpha1 Processed(string id, Answer answer) => new() { Id = id, Status = new TopicEventResponse { Status = answer } };

    private sealed class Writer(Action<SubscribeTopicEventsResponseAlpha1> write) : IServerStreamWriter<SubscribeTopicEventsResponseAlpha1>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(SubscribeTopicEventsResponseAlpha1 message, CancellationToken cancellationToken) => WriteAsync(message);

        public Task WriteAsync(SubscribeTopicEventsResponseAlpha1 message)
        {
            write(message);
            return Task.CompletedTask;
        }
    }

    private static Task SettleAsync(AsyncDuplexStreamingCall<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> call, string id) =>
        call.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = id } }, TestSidecar.Cancellation);

    /// <summary>The clock moves while nothing comes.</summary>
    private static async Task<SubscribeTopicEventsResponseAlpha1> NextAsync(
        AsyncDuplexStreamingCall<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> call, Microsoft.Extensions.Time.Testing.FakeTimeProvider clock)
    {
        var next = NextAsync(call);
        while (await Task.WhenAny(next, Task.Delay(50, TestSidecar.Cancellation)) != next)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        return await next;
    }

    private static async Task<SubscribeTopicEventsResponseAlpha1> NextAsync(AsyncDuplexStreamingCall<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(TestSidecar.Cancellation).WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation));
        return call.ResponseStream.Current;
    }
}
