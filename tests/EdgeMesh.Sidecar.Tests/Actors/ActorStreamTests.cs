using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using Grpc.Core;
using Event = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsResponseAlpha1;
using Said = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsRequestAlpha1;

namespace EdgeMesh.Sidecar.Tests.Actors;

/// <summary>Actors that an app hosts by streams.</summary>
public sealed class ActorStreamTests
{
    [Fact]
    public async Task Call_BeforeTheStreamHasBegun_ComesAfterItsBeginning()
    {
        var events = new Recorder();
        using var stream = new ActorStream(events);
        var call = stream.DeactivateAsync(new ActorAddress("cat", "1"), TestSidecar.Cancellation);
        Assert.Empty(events.Seen);

        await stream.BeginAsync(TestSidecar.Cancellation);

        stream.Settle(new Said { DeactivateResponse = new() { Id = "1" } });
        await call.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);
        Assert.Equal([Event.ResponseTypeOneofCase.InitialResponse, Event.ResponseTypeOneofCase.DeactivateRequest], events.Seen.Select(e => e.ResponseTypeCase));
    }

    /// <summary>What an app would get.</summary>
    private sealed class Recorder : IServerStreamWriter<Event>
    {
        public List<Event> Seen { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(Event message)
        {
            Seen.Add(message);
            return Task.CompletedTask;
        }
    }
}
