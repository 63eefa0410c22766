using System.Collections.Immutable;

namespace EdgeMesh.Testing;

/// <summary>Faults on demand. Each holds until it is disposed, or has struck as often as it was told; those that match a call strike in the
/// order in which they were added. Nothing is in the way of a call that none matches. The predicates see what will be recorded, but for
/// <see cref="DaprCall.Status"/> and <see cref="DaprCall.Failure"/>, which are not known yet.</summary>
public sealed class FaultPlan
{
    /// <summary>What is held back and does not get through by then is given up with the host.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _clock;
    private readonly CallLog _log;
    private ImmutableArray<Fault> _faults = [];
    private ImmutableArray<Task> _ending = [];

    internal FaultPlan(TimeProvider clock, CallLog log) => (_clock, _log) = (clock, log);

    /// <summary>Calls take so much longer, on the host's clock.</summary>
    public IDisposable Delay(Func<DaprCall, bool> match, TimeSpan time, int times = int.MaxValue) => Add(match, times, async (_, next, cancellation) =>
    {
        await Task.Delay(time, _clock, cancellation);
        await next();
    });

    /// <summary>Calls fail before they have any effect: a component answers with an error, an app is not there.</summary>
    public IDisposable Fail(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, (_, _, _) => throw Unreachable.Because("the test's fault plan fails this call"));

    /// <summary>Calls have their effect, and fail all the same: the answer is lost.</summary>
    public IDisposable LoseAnswer(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, async (_, next, _) =>
    {
        await next();
        throw Unreachable.Because("the test's fault plan loses this answer");
    });

    /// <summary>Calls look done and have no effect: a message is lost, a write is gone, a read finds nothing.</summary>
    public IDisposable Drop(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, (_, _, _) => Task.CompletedTask);

    /// <summary>Calls happen twice, but for what a gRPC client streams.</summary>
    public IDisposable Duplicate(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, async (_, next, _) =>
    {
        await next();
        await next();
    });

    /// <summary>Calls change places in pairs: the first looks done, and happens after the second. For messages and writes. Two
    /// <paramref name="times"/> are one pair; a first without a second happens when the fault ends.</summary>
    public IDisposable Reorder(Func<DaprCall, bool> match, int times = int.MaxValue)
    {
        var pairs = new CallPairs(_log);
        return Add(match, times, (call, next, _) => pairs.PassAsync(call, next), pairs.EndAsync);
    }

    /// <summary>Two apps don't reach each other, by invocation or as actors.</summary>
    public IDisposable Partition(string app, string other) =>
        Fail(c => c.Kind is CallKind.Invocation or CallKind.ActorCall && ((c.From == app && c.To == other) || (c.From == other && c.To == app)));

    /// <summary>Nothing reaches an app: no invocation, no message, no actor's call, no event of a binding, no job. It can still call.</summary>
    public IDisposable Isolate(string app) =>
        Fail(c => c.Kind is CallKind.Invocation or CallKind.ActorCall or CallKind.Delivery or CallKind.BindingEvent or CallKind.JobTrigger && c.To == app);

    /// <summary>Ends all faults, as disposing each does.</summary>
    public void Clear()
    {
        foreach (var fault in _faults)
        {
            fault.Dispose();
        }
    }

    internal Task RunAsync(DaprCall call, Func<Task> next, CancellationToken cancellation)
    {
        foreach (var fault in _faults.Reverse().Where(f => f.Strikes(call)))
        {
            var inner = next;
            next = () => fault.RunAsync(call, inner, cancellation);
        }

        return next();
    }

    /// <summary>Ends all faults, and returns when what they held back has happened.</summary>
    internal async Task EndAsync()
    {
        Clear();
        await Task.WhenAll(_ending).WaitAsync(EndLimit).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Fault Add(Func<DaprCall, bool> match, int times, Effect effect, Func<Task>? end = null)
    {
        var fault = new Fault(this, match, times, effect, end);
        ImmutableInterlocked.Update(ref _faults, f => f.Add(fault));
        return fault;
    }

    private delegate Task Effect(DaprCall call, Func<Task> next, CancellationToken cancellation);

    private sealed class Fault(FaultPlan plan, Func<DaprCall, bool> match, int times, Effect effect, Func<Task>? end) : IDisposable
    {
        private int _begun;
        private int _struck;

        public bool Strikes(DaprCall call) => match(call) && Volatile.Read(ref _begun) < times && Interlocked.Increment(ref _begun) <= times;

        public async Task RunAsync(DaprCall call, Func<Task> next, CancellationToken cancellation)
        {
            try
            {
                await effect(call, next, cancellation);
            }
            finally
            {
                if (end is not null && Interlocked.Increment(ref _struck) == times)
                {
                    await end();
                }
            }
        }

        public void Dispose()
        {
            ImmutableInterlocked.Update(ref plan._faults, f => f.Remove(this));
            if (end is not null)
            {
                var ending = end();
                ImmutableInterlocked.Update(ref plan._ending, e => [.. e.Where(t => !t.IsCompleted), ending]);
            }
        }
    }
}
