namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>Where the hosts of a process find one another's application, while it runs.</summary>
internal sealed class DirectDoor
{
    private readonly Lock guard = new();
    private DirectApplication? application;
    private TaskCompletionSource? empty;
    private int inside;

    public void Open(DirectApplication opened)
    {
        lock (guard)
        {
            application = opened;
        }
    }

    /// <summary>Null: it is closed. Whoever gets it says <see cref="Leave"/> in the end.</summary>
    public DirectApplication? Enter()
    {
        lock (guard)
        {
            inside += application is null ? 0 : 1;
            return application;
        }
    }

    public void Leave()
    {
        lock (guard)
        {
            if (--inside == 0)
            {
                empty?.TrySetResult();
            }
        }
    }

    /// <summary>Lets nobody in any more.</summary>
    public void Close()
    {
        lock (guard)
        {
            application = null;
        }
    }

    /// <summary>Lets nobody in any more, and waits for those who are inside.</summary>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        lock (guard)
        {
            application = null;
            if (inside == 0)
            {
                return;
            }

            empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        await empty.Task.WaitAsync(cancellation);
    }
}
