namespace EdgeMesh.Sidecar.Components;

/// <summary>Counts a subscription's messages under way. The subscription itself counts for one, so that it is idle only after it ended.</summary>
internal sealed class InHand
{
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count = 1;
    private int _isEnded;

    /// <summary>Messages under way.</summary>
    public int Count => Volatile.Read(ref _count) - 1;

    public void Begin() => Interlocked.Increment(ref _count);

    public void End()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            _idle.TrySetResult();
        }
    }

    /// <summary>The subscription has ended: returns when nothing is under way any more.</summary>
    public Task EndedAsync()
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            End();
        }

        return _idle.Task;
    }
}
