namespace EdgeMesh.Sidecar.Components.PubSubInMemory;

/// <summary>Takes a group's messages to a handler: one after the other, or as many at a time as the handler wants.</summary>
internal sealed class MemorySubscriber : IAsyncDisposable
{
    private readonly MemoryGroup _group;
    private readonly BrokerHandler _handler;
    private readonly Action<MemoryGroup> _leave;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _free;
    private readonly int _inHand;
    private readonly Task _loop;

    public MemorySubscriber(MemoryGroup group, BrokerHandler handler, int inHand, Action<MemoryGroup> leave)
    {
        (_group, _handler, _leave, _inHand, _free) = (group, handler, leave, inHand, new SemaphoreSlim(inHand));
        _loop = RunAsync();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var message in _group.Messages.ReadAllAsync(_stop.Token))
            {
                if (_inHand == 1)
                {
                    await DeliverAsync(message);
                    continue;
                }

                await _free.WaitAsync(CancellationToken.None);
                _ = DeliverBesideAsync(message);
            }
        }
        catch (OperationCanceledException)
        {
            // The subscription ends.
        }
    }

    private async Task DeliverBesideAsync(MemoryMessage message)
    {
        try
        {
            await DeliverAsync(message);
        }
        catch (OperationCanceledException)
        {
            // The subscription ends; the message is back with its group.
        }
        finally
        {
            _free.Release();
        }
    }

    private async Task DeliverAsync(MemoryMessage message)
    {
        try
        {
            if (!await _handler(message.Message, _stop.Token))
            {
                _group.Again(message);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            _group.Return(message);
            throw;
        }
        catch (Exception)
        {
            // A handler that throws did not acknowledge.
            _group.Again(message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        for (var i = 0; i < _inHand; i++)
        {
            await _free.WaitAsync();
        }

        _leave(_group);
        _free.Dispose();
        _stop.Dispose();
    }
}
