using System.Threading.Channels;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>Delivers one group's messages to its subscribers: each to one of them, a few at a time, again later what was not acknowledged.
/// What is under way is known in memory alone, so a crash gives all of it out again.</summary>
internal sealed class GroupDispatcher : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly BrokerGroup _group;
    private readonly SqliteBroker _broker;
    private readonly TimeProvider _clock;
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly List<GroupSubscriber> _subscribers = [];
    private readonly HashSet<long> _inFlight = [];
    private readonly Task _loop;

    public GroupDispatcher(BrokerGroup group, SqliteBroker broker, TimeProvider clock)
    {
        (_group, _broker, _clock) = (group, broker, clock);
        _timer = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _loop = RunAsync();
    }

    public bool HasSubscribers
    {
        get
        {
            lock (_gate)
            {
                return _subscribers.Count > 0;
            }
        }
    }

    /// <summary>Something may be due.</summary>
    public void Wake() => _signal.Writer.TryWrite(true);

    public IAsyncDisposable Add(BrokerHandler handler, int inHand)
    {
        var subscriber = new GroupSubscriber(handler, inHand, Remove);
        lock (_gate)
        {
            _subscribers.Add(subscriber);
        }

        Wake();
        return subscriber;
    }

    private void Remove(GroupSubscriber subscriber)
    {
        lock (_gate)
        {
            _subscribers.Remove(subscriber);
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _signal.Reader.WaitToReadAsync(_stop.Token))
            {
                while (_signal.Reader.TryRead(out _))
                {
                    // One signal stands for all.
                }

                foreach (var (delivery, subscriber) in Take())
                {
                    _ = DeliverAsync(delivery, subscriber);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The broker stops.
        }
    }

    /// <summary>What is due and in nobody's hand, each with the subscriber that has least to do.</summary>
    private List<(DueDelivery Delivery, GroupSubscriber Subscriber)> Take()
    {
        var taken = new List<(DueDelivery, GroupSubscriber)>();
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            if (_subscribers.Count == 0 || _subscribers.TrueForAll(s => s.InHand >= s.Limit))
            {
                return taken;
            }

            // Those in hand are due as well, so that many more are asked for.
            foreach (var delivery in _broker.Reader.Due(_group, now, _inFlight.Count + _subscribers.Sum(s => s.Limit)))
            {
                var subscriber = _subscribers.MinBy(s => s.InHand - s.Limit)!;
                if (subscriber.InHand < subscriber.Limit && _inFlight.Add(delivery.Id))
                {
                    subscriber.Begin();
                    taken.Add((delivery, subscriber));
                }
            }

            if (_broker.Reader.NextDue(_group, now) is { } due)
            {
                _timer.Change(due - now, Timeout.InfiniteTimeSpan);
            }
        }

        return taken;
    }

    private async Task DeliverAsync(DueDelivery delivery, GroupSubscriber subscriber)
    {
        // Off the loop at once: loading and handling take time.
        await Task.Yield();
        try
        {
            var acknowledged = await HandAsync(delivery, subscriber);
            if (acknowledged is { } done)
            {
                await SettleAsync(delivery, done);
            }
        }
        catch (Exception)
        {
            // The file can't be read or written now. The message is still there; a pause keeps this from turning into a storm.
            await PauseAsync(subscriber.Stopped);
        }
        finally
        {
            lock (_gate)
            {
                _inFlight.Remove(delivery.Id);
            }

            subscriber.End();
            Wake();
        }
    }

    /// <summary>Null: the subscriber went before it said anything.</summary>
    private async Task<bool?> HandAsync(DueDelivery delivery, GroupSubscriber subscriber)
    {
        if (_broker.Reader.Load(delivery.Id, _clock.GetUtcNow()) is not { } data)
        {
            BrokerLosses.Add(1, "sqlite", "expired", _group.Topic);
            return true;
        }

        try
        {
            return await subscriber.Handler(new BrokerMessage(_group.Topic, data, BrokerMessage.NoMetadata) { Id = _broker.MessageId(delivery.Id) }, subscriber.Stopped);
        }
        catch (OperationCanceledException) when (subscriber.Stopped.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception)
        {
            // A handler that throws did not acknowledge.
            return false;
        }
    }

    private async Task PauseAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(FirstPause, _clock, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The subscriber goes: no reason to wait any longer.
        }
    }

    private Task SettleAsync(DueDelivery delivery, bool acknowledged)
    {
        if (acknowledged)
        {
            return _broker.AcknowledgeAsync(_group, delivery.Id);
        }

        var pause = Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(delivery.Attempts, 16)) * (0.8 + (0.4 * Random.Shared.NextDouble()));
        return _broker.Writer.PostponeAsync(_group, delivery.Id, delivery.Attempts + 1, _clock.GetUtcNow() + TimeSpan.FromTicks((long)pause));
    }

    /// <summary>Ends the subscribers, and waits for what they have in hand.</summary>
    public async ValueTask DisposeAsync()
    {
        GroupSubscriber[] subscribers;
        lock (_gate)
        {
            subscribers = [.. _subscribers];
        }

        await Task.WhenAll(subscribers.Select(s => s.DisposeAsync().AsTask()));
        await _stop.CancelAsync();
        await _loop;
        await _timer.DisposeAsync();
        _stop.Dispose();
    }
}
