namespace EdgeMesh.Sidecar.Components.PubSubInMemory;

/// <summary>Takes a group's messages one after the other to a handler.</summary>
internal sealed class MemorySubscriber : IAsyncDisposable
{
    private readonly MemoryGroup _group;
    private readonly BrokerHandler _handler;
    private readonly Action<MemoryGroup> _leave;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public MemorySubscriber(MemoryGroup group, BrokerHandler handler, Action<MemoryGroup> leave)
    {
        (_group, _handler, _leave) = (group, handler, leave);
        _loop = RunAsync();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var message in _group.Messages.ReadAllAsync(_stop.Token))
            {
                await DeliverAsync(message);
            }
        }
        catch (OperationCanceledException)
        {
            // The subscription ends.
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
        _leave(_group);
        _stop.Dispose();
    }
}
