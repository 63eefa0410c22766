using System.Collections.Immutable;

namespace EdgeMesh.Testing;

/// <summary>Faults on demand. Each holds until it is disposed, or has struck as often as it was told; those that match a call strike in the
/// order in which they were added. Nothing is in the way of a call that none matches.</summary>
public sealed class FaultPlan
{
    private readonly TimeProvider _clock;
    private ImmutableArray<Fault> _faults = [];

    internal FaultPlan(TimeProvider clock) => _clock = clock;

    /// <summary>Calls take so much longer, on the host's clock.</summary>
    public IDisposable Delay(Func<DaprCall, bool> match, TimeSpan time, int times = int.MaxValue) => Add(match, times, async (next, cancellation) =>
    {
        await Task.Delay(time, _clock, cancellation);
        await next();
    });

    /// <summary>Calls fail before they have any effect: a component answers with an error, an app is not there.</summary>
    public IDisposable Fail(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, (_, _) => throw new HttpRequestException("the test's fault plan fails this call"));

    /// <summary>Calls have their effect, and fail all the same: the answer is lost.</summary>
    public IDisposable LoseAnswer(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, async (next, _) =>
    {
        await next();
        throw new HttpRequestException("the test's fault plan loses this answer");
    });

    /// <summary>Calls look done and have no effect: a message is lost, a write is gone.</summary>
    public IDisposable Drop(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, (_, _) => Task.CompletedTask);

    /// <summary>Calls happen twice.</summary>
    public IDisposable Duplicate(Func<DaprCall, bool> match, int times = int.MaxValue) => Add(match, times, async (next, _) =>
    {
        await next();
        await next();
    });

    /// <summary>Calls change places in pairs: the first looks done, and happens after the second. For messages and writes.</summary>
    public IDisposable Reorder(Func<DaprCall, bool> match, int times = int.MaxValue)
    {
        Func<Task>? held = null;
        return Add(match, times, async (next, _) =>
        {
            if (Interlocked.CompareExchange(ref held, next, null) is null)
            {
                return;
            }

            await next();
            if (Interlocked.Exchange(ref held, null) is { } first)
            {
                await first();
            }
        });
    }

    /// <summary>Two apps don't reach each other, by invocation or as actors.</summary>
    public IDisposable Partition(string app, string other) =>
        Fail(c => c.Kind is CallKind.Invocation or CallKind.ActorCall && ((c.From == app && c.To == other) || (c.From == other && c.To == app)));

    /// <summary>Nothing reaches an app: no invocation, no message, no actor's call. It can still call.</summary>
    public IDisposable Isolate(string app) => Fail(c => c.Kind is CallKind.Invocation or CallKind.ActorCall or CallKind.Delivery && c.To == app);

    /// <summary>Ends all faults.</summary>
    public void Clear() => ImmutableInterlocked.Update(ref _faults, _ => []);

    internal Task RunAsync(DaprCall call, Func<Task> next, CancellationToken cancellation)
    {
        foreach (var fault in _faults.Reverse().Where(f => f.Strikes(call)))
        {
            var inner = next;
            next = () => fault.Effect(inner, cancellation);
        }

        return next();
    }

    private Fault Add(Func<DaprCall, bool> match, int times, Func<Func<Task>, CancellationToken, Task> effect)
    {
        var fault = new Fault(this, match, times, effect);
        ImmutableInterlocked.Update(ref _faults, f => f.Add(fault));
        return fault;
    }

    private sealed class Fault(FaultPlan plan, Func<DaprCall, bool> match, int times, Func<Func<Task>, CancellationToken, Task> effect) : IDisposable
    {
        private int _left = times;

        public Func<Func<Task>, CancellationToken, Task> Effect => effect;

        public bool Strikes(DaprCall call) => match(call) && Interlocked.Decrement(ref _left) >= 0;

        public void Dispose() => ImmutableInterlocked.Update(ref plan._faults, f => f.Remove(this));
    }
}
