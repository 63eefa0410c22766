namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>One of a group's competing consumers.</summary>
internal sealed class GroupSubscriber(BrokerHandler handler, int limit, Action<GroupSubscriber> leave) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _inHand = 1;
    private int _isDisposed;

    public BrokerHandler Handler => handler;

    /// <summary>Messages that it has in hand at most.</summary>
    public int Limit => limit;

    public CancellationToken Stopped => _stop.Token;

    /// <summary>Messages under way; the subscription itself counts for one, so that it is idle only after it ended.</summary>
    public int InHand => Volatile.Read(ref _inHand) - 1;

    public void Begin() => Interlocked.Increment(ref _inHand);

    public void End()
    {
        if (Interlocked.Decrement(ref _inHand) == 0)
        {
            _idle.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            leave(this);
            await _stop.CancelAsync();
            End();
        }

        await _idle.Task;
    }
}
