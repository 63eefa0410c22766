using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;

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
        await call.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = first.EventMessage.Id } }, TestSidecar.Cancellation);
        await ending.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);

        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/t", "2").StatusAsync());
        var next = call.ResponseStream.MoveNext(TestSidecar.Cancellation);
        await sidecar.DisposeAsync();
        Assert.False(await next);
    }

    private static async Task<SubscribeTopicEventsResponseAlpha1> NextAsync(AsyncDuplexStreamingCall<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(TestSidecar.Cancellation));
        return call.ResponseStream.Current;
    }
}
