namespace EdgeMesh.Functions.Scheduling;

/// <summary>Which call runs next: of the functions that have calls waiting, the one that would be served first were all served at once, each
/// by its weight. What is divided is the threads' time, which is what there is too little of: a call keeps its thread while it works and while it
/// waits for the host. It is charged what its function's calls usually take, and at its end what it took. So none starves, a burst of one, or
/// calls that take long, delay the others by its share only, and one that calls rarely waits for less the more it weighs.</summary>
internal sealed class FairScheduler(int queueLimit, TimeProvider clock)
{
    private readonly object _gate = new();
    private readonly PriorityQueue<FunctionQueue, (double Served, long Order)> _runnable = new();
    private int _waiting;
    private long _order;
    private int _running;
    private double _pass;
    private double _furthest;
    private bool _closed;

    public Task<CallResult> Enqueue(FunctionQueue queue, CallInput input, CancellationToken cancellation)
    {
        var pending = new PendingCall(input, clock.GetTimestamp(), cancellation);
        lock (_gate)
        {
            if (_closed || queue.IsClosed)
            {
                return Task.FromResult(CallResult.NotStarted(CallOutcome.Canceled, "the function was removed, or the site stops"));
            }

            if (queue.Waiting.Count >= queue.Share.QueueLimit || _waiting >= queueLimit)
            {
                return Task.FromResult(CallResult.NotStarted(CallOutcome.Busy, "too many calls wait; try again later"));
            }

            queue.Waiting.Enqueue(pending);
            _waiting++;
            Offer(queue);
        }

        return pending.Result;
    }

    /// <summary>The next call; null once the scheduler is closed. The thread waits until there is one.</summary>
    public (FunctionQueue Queue, PendingCall Call)? Take()
    {
        lock (_gate)
        {
            while (!_closed)
            {
                if (!_runnable.TryDequeue(out var queue, out _))
                {
                    Monitor.Wait(_gate);
                    continue;
                }

                queue.IsQueued = false;
                if (queue.Waiting.TryDequeue(out var call))
                {
                    _waiting--;
                    _running++;
                    queue.Running++;
                    _pass = Math.Max(_pass, queue.Pass);
                    call.Charged = queue.UsualCost;
                    Charge(queue, call.Charged);
                    Offer(queue);
                    return (queue, call);
                }
            }

            return null;
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

            if (queue.IsQueued)
            {
                _runnable.Remove(queue, out _, out _);
                queue.IsQueued = false;
            }

            Offer(queue);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Refuses what waits of one function, and returns when none of its calls runs.</summary>
    public void Remove(FunctionQueue queue)
    {
        lock (_gate)
        {
            queue.IsClosed = true;
            RefuseWaiting(queue);
            while (queue.Running > 0)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Charge(FunctionQueue queue, double milliseconds)
    {
        queue.Pass += milliseconds / queue.Share.Weight;
        _furthest = Math.Max(_furthest, queue.Pass);
    }

    private void RefuseWaiting(FunctionQueue queue)
    {
        _waiting -= queue.Waiting.Count;
        while (queue.Waiting.TryDequeue(out var call))
        {
            call.Refuse(CallOutcome.Canceled, "the function was removed");
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
        Monitor.PulseAll(_gate);
    }
}
