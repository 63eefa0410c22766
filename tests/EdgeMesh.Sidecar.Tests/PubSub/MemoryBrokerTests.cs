using System.Diagnostics.Metrics;
using System.Text;
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
    public async Task Return_IntoAQueueThatStaysFull_IsCountedAsLost()
    {
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Name == "edgemesh_pubsub_lost_total") { l.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) =>
        {
            if (tags.Contains(new("where", "returned-into-a-full-queue")) && tags.Contains(new("reason", "full")))
            {
                lost.TrySetResult();
            }
        });
        listener.Start();
        var group = Full("returned-into-a-full-queue");

        group.Return(Message(group, "back"));
        Assert.False(lost.Task.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(6));

        await lost.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Return_WhilePublishersWaitForRoom_HasItsPlaceInTheirLine()
    {
        var group = Full("returned-among-publishers");
        var before = group.WaitAndAddAsync(Message(group, "before"), TestContext.Current.CancellationToken);
        group.Return(Message(group, "back"));
        var after = group.WaitAndAddAsync(Message(group, "after"), TestContext.Current.CancellationToken);

        var read = new List<string>();
        for (var i = 0; i < MemoryGroup.QueueLimit + 3; i++)
        {
            read.Add(Encoding.UTF8.GetString((await group.Messages.ReadAsync(TestContext.Current.CancellationToken)).Message.Data.Span));
        }

        Assert.Equal(["before", "back", "after"], read[^3..]);
        Assert.True(await before && await after);
    }

    private MemoryGroup Full(string topic)
    {
        var group = new MemoryGroup(topic, "slow", WhenFull.Wait, _clock);
        for (var i = 0; i < MemoryGroup.QueueLimit; i++)
        {
            Assert.True(group.TryAdd(Message(group, "first")));
        }

        return group;
    }

    private static MemoryMessage Message(MemoryGroup group, string text) => new(new BrokerMessage(group.Topic, Encoding.UTF8.GetBytes(text), BrokerMessage.NoMetadata), 0);

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
