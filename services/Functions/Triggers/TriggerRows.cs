using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers.Retries;

namespace EdgeMesh.Services.Functions.Triggers;

/// <summary>What of a function is no longer needed.</summary>
/// <param name="Function">Whose.</param>
/// <param name="Rows">Of schedules that no version keeps any more.</param>
/// <param name="IsRemoved">Whether the parked calls and the state go too: the function was removed.</param>
internal sealed record LeftRows(string Function, IReadOnlyCollection<string> Rows, bool IsRemoved)
{
    /// <summary>Whether all of the function ends here.</summary>
    public bool IsWhole { get; init; }

    public bool IsEmpty => Rows.Count == 0 && !IsRemoved;
}

/// <summary>Deletes what a function's triggers and calls stored and nobody needs any more, so that a function or a schedule that comes later does not go on from it. It does so beside
/// everything else, and until it is done: what a crash leaves is deleted after the next start, for what there may be follows from the versions that are known.</summary>
internal sealed partial class TriggerRows(DaprClient dapr, FunctionStates states, SiteIdentity identity, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private const string Store = "heads";
    private const int AtOnce = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _slots = new(AtOnce, AtOnce);
    private readonly Lock _gate = new();
    private readonly Dictionary<LeftRows, Task> _forgetting = new(ReferenceEqualityComparer.Instance);

    /// <summary>Of the above, those of which somebody may still write.</summary>
    private readonly HashSet<LeftRows> _ending = new(ReferenceEqualityComparer.Instance);

    /// <summary>Whether no version of the function may begin: who ended may still write what is kept, or what its next version must not go on from is still being deleted.</summary>
    public bool IsHeldUp(string function)
    {
        lock (_gate)
        {
            return _forgetting.Keys.Any(l => l.Function == function && (l.IsRemoved || (l.IsWhole && _ending.Contains(l))));
        }
    }

    /// <summary>Whether a schedule's row is still being deleted: the schedule must not begin before.</summary>
    public bool IsForgetting(string row)
    {
        lock (_gate)
        {
            return _forgetting.Keys.Any(l => l.Rows.Contains(row));
        }
    }

    /// <summary>Begins to delete.</summary>
    /// <param name="left">What.</param>
    /// <param name="ending">Before it is over, what is deleted may be written again.</param>
    /// <param name="changed">Told when something that had to wait for it may begin; not when it is stopped before.</param>
    public void Forget(LeftRows left, Func<Task> ending, Action changed)
    {
        lock (_gate)
        {
            _ending.Add(left);
            _forgetting[left] = ForgetAsync(left, ending, changed, _stop.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Task[] forgetting;
        lock (_gate)
        {
            forgetting = [.. _forgetting.Values];
        }

        await Task.WhenAll(forgetting);
        _stop.Dispose();
    }

    private async Task ForgetAsync(LeftRows left, Func<Task> ending, Action changed, CancellationToken cancellation)
    {
        // Not before it is known that it is under way.
        await Task.Yield();
        try
        {
            await ending();
            lock (_gate)
            {
                _ending.Remove(left);
            }

            changed();
            for (var pause = FirstPause; !await TryForgetAsync(left, cancellation); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                await Task.Delay(pause, clock, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Deleted after the next start.
            return;
        }

        lock (_gate)
        {
            _forgetting.Remove(left);
        }

        changed();
    }

    /// <summary>False: the store is away.</summary>
    private async Task<bool> TryForgetAsync(LeftRows left, CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation);
        try
        {
            foreach (var row in left.Rows)
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                limit.CancelAfter(Limit);
                await dapr.DeleteStateAsync(Store, row, cancellationToken: limit.Token);
            }

            if (left.IsRemoved)
            {
                await new ParkedRows(dapr, identity, left.Function).DeleteAsync(cancellation);
                await states.Of(left.Function).RemoveAsync(cancellation);
            }

            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // Also while it stops, when the sidecar may stop with it: what faults then would keep the rest from being closed.
            LogLeft(logger, left.Function, error.Message);
            return false;
        }
        finally
        {
            _slots.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "What is left of {Function} can't be deleted now: {Reason}; it is tried again")]
    private static partial void LogLeft(ILogger logger, string function, string reason);
}
