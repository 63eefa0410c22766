namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>A group's subscription of one topic.</summary>
internal sealed class KafkaSubscription(string topic, BrokerHandler handler, int inHand, Action<KafkaSubscription> leave) : IAsyncDisposable
{
    private readonly TaskCompletionSource _stands = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly InHand _inHand = new();
    private int _isDisposed;

    public string Topic => topic;

    /// <summary>Messages of one partition that the handler has at a time.</summary>
    public int InHand => inHand;

    public CancellationToken Stopped => _stop.Token;

    /// <summary>The group has partitions of the topic.</summary>
    public void Stand() => _stands.TrySetResult();

    /// <summary>Returns when the group has partitions of the topic for the first time: what is published from then on arrives.</summary>
    public async Task<IAsyncDisposable> StandsAsync(CancellationToken cancellation)
    {
        try
        {
            await _stands.Task.WaitAsync(cancellation);
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives a message to the app. A handler that throws, or is stopped, did not take it.</summary>
    public async Task<bool> TryHandleAsync(BrokerMessage message, CancellationToken cancellation)
    {
        _inHand.Begin();
        try
        {
            return !cancellation.IsCancellationRequested && await handler(message, cancellation);
        }
        catch (Exception)
        {
            return false;
        }
        finally
        {
            _inHand.End();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _stop.CancelAsync();
            await _inHand.EndedAsync();
            leave(this);
        }
    }
}
