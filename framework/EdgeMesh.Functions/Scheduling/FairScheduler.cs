namespace EdgeMesh.Functions.Scheduling;

/// <summary>Which call runs next: of the functions that have calls waiting, the one that would be served first were all served at once, each
/// by its weight. What is divided is the threads' time: a call keeps its thread while it works and while it waits for the host. It is charged what
/// its function's calls usually take, and at its end what it took. So none starves, a burst of one, or calls that take long, delay the others by its
/// share only, and one that calls rarely waits for less the more it weighs.
/// <para>No call begins while as many work as may. One that waits for the host lets another begin meanwhile, on a thread more, and goes on as soon as
/// the host has answered: its time runs, and what others do is none of its matter. When one function's calls have all the room, another's may begin beside them.</para></summary>
/// <param name="options">How many calls wait, work, and wait for the host.</param>
/// <param name="clock">Says when a call came.</param>
/// <param name="startThread">Starts one more thread that calls <see cref="Take"/>. Called under the lock.</param>
internal sealed class FairScheduler(SandboxOptions options, TimeProvider clock, Action startThread)
{
    /// <summary>What wakes this thread, which waits for one thing at a time: released once for each wait.</summary>
    [ThreadStatic]
    private static Waker? _mine;

    private readonly object _gate = new();
    private readonly PriorityQueue<FunctionQueue, (double Served, long Order)> _runnable = new();
    private readonly Stack<Waker> _idle = new();
    private readonly int _most = options.Concurrency + options.WaitingForHost;

    /// <summary>Places that only the first call of a function may have: when callers have all others, what they call can begin.</summary>
    private readonly int _reserve = Math.Min(2, options.WaitingForHost);

    /// <summary>What all may have together when a function's second call begins: the last quarter is for first calls, as the last places are.</summary>
    private readonly long _beforeReserve = options.MemoryBytes / 4 * 3;

    /// <summary>Functions of which calls work.</summary>
    private int _busy;
    private int _threads;
    private int _waiting;
    private long _order;
    private int _running;
    private int _away;
    private long _memory;
    private double _pass;
    private double _furthest;
    private bool _closed;

    private static Waker Mine => _mine ??= new Waker();

    public Task<CallResult> Enqueue(FunctionQueue queue, CallInput input, CancellationToken cancellation)
    {
        var pending = new PendingCall(input, clock.GetTimestamp(), cancellation);
        lock (_gate)
        {
            if (_closed || queue.IsClosed)
            {
                return Task.FromResult(CallResult.NotStarted(CallOutcome.Canceled, "the function was removed, or the site stops"));
            }

            if (queue.Waiting.Count >= queue.Share.QueueLimit || _waiting >= options.QueueLimit)
            {
                return Task.FromResult(CallResult.NotStarted(CallOutcome.Busy, "too many calls wait; try again later"));
            }

            queue.Waiting.Enqueue(pending);
            _waiting++;
            Offer(queue);
        }

        return pending.Result;
    }

    /// <summary>Calls that work now.</summary>
    private int Working => _running - _away;

    /// <summary>Whether one function's calls have all the room, of more than one.</summary>
    private bool OneHasAll => options.Concurrency > 1 && Working >= options.Concurrency && _busy == 1;

    /// <summary>Whether a thread has left its call, or was woken or started, and is about to take the next.</summary>
    private bool OneComes => _threads - _idle.Count > _running;

    /// <summary>The next call; null once the scheduler is closed. The thread waits until there is one.</summary>
    public (FunctionQueue Queue, PendingCall Call)? Take()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_closed)
                {
                    return null;
                }

                if (NextToBegin() is { } queue)
                {
                    Withdraw(queue);
                    var call = queue.Waiting.Dequeue();
                    Begin(queue, call);
                    return (queue, call);
                }

                _idle.Push(Mine);
            }

            Mine.Wait();
        }
    }

    /// <summary>A call of the function begins to wait for the host.</summary>
    public void GiveUp(FunctionQueue queue)
    {
        lock (_gate)
        {
            _away++;
            queue.Away++;
            Rests(queue);
            Wake();
        }
    }

    /// <summary>The host has answered, and the call goes on.</summary>
    public void TakeBack(FunctionQueue queue)
    {
        lock (_gate)
        {
            _away--;
            queue.Away--;
            Works(queue);
        }
    }

    /// <param name="queue">The function's.</param>
    /// <param name="call">The call that is over.</param>
    /// <param name="kept">How long it kept its thread; null: it was not run, costs nothing and says nothing about the next.</param>
    public void Finished(FunctionQueue queue, PendingCall call, TimeSpan? kept)
    {
        lock (_gate)
        {
            _running--;
            queue.Running--;
            Rests(queue);
            _memory -= call.Memory;
            queue.Memory -= call.Memory;
            Charge(queue, (kept?.TotalMilliseconds ?? 0) - call.Charged);
            if (kept is { } usual)
            {
                queue.Learn(usual);
            }

            if (_running == 0 && _waiting == 0)
            {
                // What was used while nobody else wanted it is nobody's debt.
                _pass = _furthest;
            }

            Withdraw(queue);
            Offer(queue);
            if (queue is { IsClosed: true, Running: 0 })
            {
                // Who removes a function is all that waits for the lock itself.
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Refuses what waits of one function, and returns when none of its calls runs.</summary>
    public void Remove(FunctionQueue queue)
    {
        lock (_gate)
        {
            queue.IsClosed = true;
            Withdraw(queue);
            RefuseWaiting(queue, "the function was removed");
            // It may have been its turn.
            Wake();
            while (queue.Running > 0)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Nothing begins any more.</summary>
    /// <param name="queues">All that there are, read once no call comes any more.</param>
    public void Close(IEnumerable<FunctionQueue> queues)
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var queue in queues)
            {
                Withdraw(queue);
                RefuseWaiting(queue, "the site stops");
            }

            while (_idle.TryPop(out var thread))
            {
                thread.Wake();
            }
        }
    }

    private void Charge(FunctionQueue queue, double milliseconds)
    {
        queue.Pass += milliseconds / queue.Share.Weight;
        _furthest = Math.Max(_furthest, queue.Pass);
    }

    private void RefuseWaiting(FunctionQueue queue, string reason)
    {
        _waiting -= queue.Waiting.Count;
        while (queue.Waiting.TryDequeue(out var call))
        {
            call.Refuse(CallOutcome.Canceled, reason);
        }
    }

    private void Offer(FunctionQueue queue)
    {
        if (queue.IsQueued || !queue.IsRunnable)
        {
            return;
        }

        // Who was idle does not save up for later.
        queue.Pass = Math.Max(queue.Pass, _pass);
        queue.IsQueued = true;
        _runnable.Enqueue(queue, (queue.Pass + queue.UsualCost / queue.Share.Weight, _order++));
        Wake();
    }

    private void Withdraw(FunctionQueue queue)
    {
        if (queue.IsQueued)
        {
            _runnable.Remove(queue, out _, out _);
            queue.IsQueued = false;
        }
    }

    private void Begin(FunctionQueue queue, PendingCall call)
    {
        _waiting--;
        _running++;
        queue.Running++;
        _memory += call.Memory;
        queue.Memory += call.Memory;
        Works(queue);
        _pass = Math.Max(_pass, queue.Pass);
        call.Charged = queue.UsualCost;
        Charge(queue, call.Charged);
        Offer(queue);
        Wake();
    }

    /// <summary>One call of the function more works.</summary>
    private void Works(FunctionQueue queue) => _busy += queue.Working == 1 ? 1 : 0;

    /// <summary>One call of the function less works.</summary>
    private void Rests(FunctionQueue queue) => _busy -= queue.Working == 0 ? 1 : 0;

    private bool HasPlace(FunctionQueue queue) =>
        (Working < options.Concurrency || (OneHasAll && queue.Working == 0))
        && (queue.Running == 0 ? _running < _most : _running < _most - _reserve && queue.Memory + queue.Waiting.Peek().Memory <= options.MemoryBytes / 2);

    private bool HasMemory(FunctionQueue queue) =>
        _running == 0 || _memory + queue.Waiting.Peek().Memory <= (queue.Running == 0 ? options.MemoryBytes : _beforeReserve);

    /// <summary>The function whose call may begin now; null: none waits, or there is no room.</summary>
    private FunctionQueue? NextToBegin() =>
        !_runnable.TryPeek(out var first, out _) ? null
        : HasPlace(first) && HasMemory(first) ? first
        : _running < _most && (Working < options.Concurrency || OneHasAll) ? NextInTurn()
        : null;

    /// <summary>What lacks memory alone keeps what comes after it from that memory, or small calls would have it for ever. Only first calls pass: calls
    /// that have memory may wait for them.</summary>
    private FunctionQueue? NextInTurn()
    {
        var isHeld = false;
        foreach (var (queue, _) in _runnable.UnorderedItems.Where(i => HasPlace(i.Element)).OrderBy(i => i.Priority))
        {
            if (!HasMemory(queue))
            {
                isHeld = true;
            }
            else if (!isHeld || queue.Running == 0)
            {
                return queue;
            }
        }

        return null;
    }

    /// <summary>Gives the room that there is to a call that may begin, by one thread, which wakes the next.</summary>
    private void Wake()
    {
        if (_closed || OneComes || NextToBegin() is null)
        {
            return;
        }

        if (_idle.TryPop(out var thread))
        {
            thread.Wake();
        }
        else if (_threads < _most)
        {
            StartThread();
        }
    }

    private void StartThread()
    {
        try
        {
            startThread();
            _threads++;
        }
        catch (Exception error) when (_threads > 0 && (error is OutOfMemoryException or ThreadStartException))
        {
            // The machine gives no more: what waits begins when one of those that there are is free.
        }
    }
}
