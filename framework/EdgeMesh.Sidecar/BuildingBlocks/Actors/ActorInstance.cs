namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>An active actor: one call at a time, in the order in which they came, and further calls of the chain that holds it when its type
/// is reentrant. Once closed it takes no call any more; who came to late looks the actor up again after <see cref="Ended"/>.</summary>
internal sealed class ActorInstance(ActorSettings settings, int queueLimit, DateTimeOffset now)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _abort = new();
    private TaskCompletionSource? _emptied;
    private string? _holder;
    private int _depth;
    private bool _closed;
    private bool _used;
    private DateTimeOffset _lastUsed = now;

    public ActorSettings Settings => settings;

    /// <summary>Ends when the app has been told that the actor is deactivated.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Ends calls under way when waiting for them has taken too long.</summary>
    public CancellationToken Aborted => _abort.Token;

    /// <summary>Waits for this call's turn.</summary>
    /// <param name="chain">The reentrancy id of the calls that this one belongs to; null: its own.</param>
    /// <param name="cancellation">Gives the place in the queue up.</param>
    public async Task<Turn> EnterAsync(string? chain, CancellationToken cancellation)
    {
        Waiter waiter;
        lock (_gate)
        {
            if (_depth > 0 && settings.Reentrant && chain is not null && chain == _holder)
            {
                return _depth < settings.MaxStackDepth ? Enter(chain) : Turn.TooDeep;
            }

            if (_closed)
            {
                return Turn.Closed;
            }

            if (_depth == 0)
            {
                return Enter(chain);
            }

            if (_waiters.Count >= queueLimit)
            {
                return Turn.QueueFull;
            }

            waiter = new Waiter(chain);
            _waiters.AddLast(waiter.Node);
        }

        using var registration = cancellation.Register(() => GiveUp(waiter, cancellation));
        return await waiter.Entered.Task;
    }

    /// <summary>Ends a call that entered.</summary>
    public void Leave(DateTimeOffset now)
    {
        lock (_gate)
        {
            _lastUsed = now;
            if (--_depth > 0)
            {
                return;
            }

            _holder = null;
            if (_waiters.First is { } next && !_closed)
            {
                _waiters.RemoveFirst();
                next.Value.Entered.TrySetResult(Enter(next.Value.Chain));
                return;
            }

            _emptied?.TrySetResult();
        }
    }

    /// <summary>Closes it if nobody called it for its type's time.</summary>
    /// <param name="now">The time.</param>
    /// <param name="next">When to ask again; null: it is closed.</param>
    /// <returns>Whether this call closed it.</returns>
    public bool TryCloseIdle(DateTimeOffset now, out DateTimeOffset? next)
    {
        lock (_gate)
        {
            next = _closed ? null : (_depth > 0 ? now : _lastUsed) + settings.IdleTimeout;
            if (next is null || next > now)
            {
                return false;
            }

            (_closed, next) = (true, null);
            return true;
        }
    }

    /// <summary>Closes it if no call has entered yet: the app knows nothing of it.</summary>
    public bool TryCloseUnused()
    {
        lock (_gate)
        {
            return !_closed && !_used && (_closed = true);
        }
    }

    /// <summary>Closes it: sends who waits away, and waits for the call under way, which is aborted when that takes longer than
    /// <paramref name="limit"/>.</summary>
    /// <returns>Whether this call closed it.</returns>
    public async Task<bool> CloseAsync(TimeSpan limit, TimeProvider clock)
    {
        Task emptied;
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _closed = true;
            foreach (var waiter in _waiters)
            {
                waiter.Entered.TrySetResult(Turn.Closed);
            }

            _waiters.Clear();
            _emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);
            emptied = _depth == 0 ? Task.CompletedTask : _emptied.Task;
        }

        try
        {
            await emptied.WaitAsync(limit, clock);
        }
        catch (TimeoutException)
        {
            await _abort.CancelAsync();
            await emptied;
        }

        return true;
    }

    /// <summary>The app knows; who waited may look the actor up again.</summary>
    public void End() => _ended.TrySetResult();

    private Turn Enter(string? chain)
    {
        (_holder, _depth, _used) = (chain, _depth + 1, true);
        return Turn.Entered;
    }

    private void GiveUp(Waiter waiter, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (waiter.Node.List is not null)
            {
                _waiters.Remove(waiter.Node);
                waiter.Entered.TrySetCanceled(cancellation);
            }
        }
    }

    private sealed class Waiter
    {
        public Waiter(string? chain) => (Chain, Node) = (chain, new LinkedListNode<Waiter>(this));

        public string? Chain { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource<Turn> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

internal enum Turn
{
    Entered,

    /// <summary>The instance is no more; look the actor up again.</summary>
    Closed,

    /// <summary>The chain of calls is too long for the type's settings.</summary>
    TooDeep,

    QueueFull,
}
