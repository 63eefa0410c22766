namespace EdgeMesh.Sidecar.Components.PubSubInMemory;

/// <summary>What a full queue does to the next message.</summary>
internal enum WhenFull
{
    /// <summary>The publisher waits for room, a bounded time, and is told when none came.</summary>
    Wait,

    /// <summary>The oldest goes, and is counted.</summary>
    DropOldest,
}

/// <summary>Messages that live as long as the process, for every app of it. A topic that nobody subscribes keeps nothing, and so does a
/// group whose last subscriber went. A subscription of <c>orders*</c> takes every topic that begins so, as with daprd.</summary>
/// <remarks>Subscribers of a group take from one queue, each one message at a time, so a lone subscriber sees a topic's order. daprd's
/// own in-memory broker forgets a message that was not acknowledged; here it comes again after a pause, behind those that came since.</remarks>
internal sealed class MemoryBroker(TimeProvider clock, WhenFull whenFull = WhenFull.Wait) : IPubSubBroker
{
    private readonly Lock _gate = new();

    /// <summary>Replaced whole by subscribers, read by publishers without a lock.</summary>
    private volatile MemoryGroup[] _groups = [];

    public Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        MemoryMessage? stamped = null;
        List<MemoryGroup>? full = null;
        foreach (var group in _groups)
        {
            if (group.Takes(message.Topic))
            {
                stamped ??= new MemoryMessage(message with { Id = Guid.NewGuid().ToString() }, Attempts: 0);
                if (!group.TryAdd(stamped))
                {
                    (full ??= []).Add(group);
                }
            }
        }

        return full is null ? Task.CompletedTask : WaitAsync(full, stamped!, cancellation);
    }

    private static async Task WaitAsync(List<MemoryGroup> groups, MemoryMessage message, CancellationToken cancellation)
    {
        foreach (var group in groups)
        {
            if (!await group.WaitAndAddAsync(message, cancellation))
            {
                throw new BrokerRefusalException($"The queue of group '{group.Name}' is full ({MemoryGroup.QueueLimit} messages): its app does not keep up. Try again later.");
            }
        }
    }

    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
    {
        lock (_gate)
        {
            var group = Array.Find(_groups, g => g.Topic == subscription.Topic && g.Name == subscription.ConsumerGroup);
            if (group is null)
            {
                group = new MemoryGroup(subscription.Topic, subscription.ConsumerGroup, whenFull, clock);
                _groups = [.. _groups, group];
            }

            group.Subscribers++;
            return Task.FromResult<IAsyncDisposable>(new MemorySubscriber(group, handler, subscription.InHand, Leave));
        }
    }

    private void Leave(MemoryGroup group)
    {
        lock (_gate)
        {
            if (--group.Subscribers == 0)
            {
                _groups = [.. _groups.Where(g => g != group)];
                group.Close();
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            Array.ForEach(_groups, g => g.Close());
            _groups = [];
        }

        return ValueTask.CompletedTask;
    }
}
