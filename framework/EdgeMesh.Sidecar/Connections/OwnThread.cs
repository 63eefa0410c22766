using System.IO.Pipelines;

namespace EdgeMesh.Sidecar.Connections;

/// <summary>Runs at once what a connection's thread wakes, and elsewhere what others wake: the server's one heartbeat, for example, which ends requests
/// that take too long.</summary>
internal sealed class OwnThread : PipeScheduler
{
    private int _id;

    /// <summary>By the thread, first of all.</summary>
    public void Enter() => Volatile.Write(ref _id, Environment.CurrentManagedThreadId);

    /// <summary>By the thread: from here on it runs nothing.</summary>
    public void Leave() => Volatile.Write(ref _id, 0);

    public override void Schedule(Action<object?> action, object? state)
    {
        if (Environment.CurrentManagedThreadId == Volatile.Read(ref _id))
        {
            action(state);
        }
        else
        {
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(action, state, preferLocal: false);
        }
    }
}
