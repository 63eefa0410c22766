using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Monitor.Tests.Store;

/// <summary>A clock on which a test meets reads of the store: each begins by setting a time to itself.</summary>
internal sealed class LimitedClock() : FakeTimeProvider(TemporaryStore.Start)
{
    /// <summary>From now on each read is over its time at once.</summary>
    public bool IsOver { get; set; }

    /// <summary>Runs when a read begins, on its thread.</summary>
    public Action? ReadBegins { get; set; }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime == ReadLimit.Usual)
        {
            ReadBegins?.Invoke();
            if (IsOver)
            {
                callback(state);
            }
        }

        return timer;
    }
}
