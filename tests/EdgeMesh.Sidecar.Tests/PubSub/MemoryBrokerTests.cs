using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.PubSubInMemory;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.PubSub;

/// <summary>A subscriber that does not keep up: publishers wait for room, and not for ever.</summary>
public sealed class MemoryBrokerTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TaskCompletionSource _inHand = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly MemoryBroker _broker;

    public MemoryBrokerTests() => _broker = new MemoryBroker(_clock);

    [Fact]
    public async Task Publish_IntoAFullQueue_WaitsUntilThereIsRoom()
    {
        await using var subscription = await SubscribeAsync();
        var waiting = await PublishOneTooManyAsync();
        Assert.False(waiting.IsCompleted);
        _goOn.SetResult();
        await waiting.WaitAsync(TestSidecar.Cancellation);
    }

    [Fact]
    public async Task Publish_IntoAQueueThatStaysFull_IsRefusedAndSaysWhose()
    {
        await using var subscription = await SubscribeAsync();
        var waiting = await PublishOneTooManyAsync();
        _clock.Advance(TimeSpan.FromSeconds(5));
        var refusal = await Assert.ThrowsAsync<BrokerRefusalException>(() => waiting.WaitAsync(TestSidecar.Cancellation));
        Assert.Contains("The queue of group 'slow' is full (10000 messages)", refusal.Message, StringComparison.Ordinal);
        _goOn.SetResult();
    }

    [Fact]
    public void Return_IntoAFullQueue_IsCountedAsLost()
    {
        var lost = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Name == "edgemesh.pubsub.lost") { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            if (tags.Contains(new("where", "returned-into-a-full-queue")) && tags.Contains(new("reason", "full")))
            {
                Interlocked.Add(ref lost, (int)count);
            }
        });
        listener.Start();
        var group = new MemoryGroup("returned-into-a-full-queue", "slow", WhenFull.Wait, _clock);
        var message = new MemoryMessage(new BrokerMessage(group.Topic, "1"u8.ToArray(), BrokerMessage.NoMetadata), 0);
        for (var i = 0; i < MemoryGroup.QueueLimit; i++)
        {
            Assert.True(group.TryAdd(message));
        }

        group.Return(message);

        Assert.Equal(1, lost);
    }

    private Task<IAsyncDisposable> SubscribeAsync() => _broker.SubscribeAsync(
        new BrokerSubscription("orders", "slow", BrokerMessage.NoMetadata),
        async (_, _) =>
        {
            _inHand.TrySetResult();
            await _goOn.Task;
            return true;
        },
        TestSidecar.Cancellation);

    /// <summary>The subscriber has one in hand, and the queue holds ten thousand.</summary>
    /// <returns>The last one's publishing.</returns>
    private async Task<Task> PublishOneTooManyAsync()
    {
        await Publish();
        await _inHand.Task.WaitAsync(TestSidecar.Cancellation);
        for (var i = 0; i < 10_000; i++)
        {
            await Publish();
        }

        return Publish();

        Task Publish() => _broker.PublishAsync(new BrokerMessage("orders", "1"u8.ToArray(), BrokerMessage.NoMetadata), TestSidecar.Cancellation);
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
