namespace EdgeMesh.Testing;

/// <summary>What passed through a host, in the order in which it ended. The last 10,000 calls are kept. May be used from any thread.</summary>
public sealed class CallLog
{
    private const int Limit = 10_000;

    /// <summary>What is told of in a failure.</summary>
    private const int ToldLimit = 20;

    /// <summary>Longer than any call takes, so that a test that waits for one that never comes fails and says what came.</summary>
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly List<DaprCall> _calls = [];
    private TaskCompletionSource _added = New();

    /// <summary>All so far.</summary>
    public IReadOnlyList<DaprCall> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>Those of a kind, so far.</summary>
    public IReadOnlyList<DaprCall> Of(CallKind kind) => [.. All.Where(c => c.Kind == kind)];

    /// <summary>The first such call: one that was recorded, or else the next that is.</summary>
    /// <exception cref="TimeoutException">There was none for a minute of real time, whatever the host's clock; the message says what there was.</exception>
    public async Task<DaprCall> FirstAsync(Func<DaprCall, bool> match, CancellationToken cancellation) => (await TakeAsync(1, match, cancellation))[0];

    /// <summary>The first such calls, once there are so many.</summary>
    /// <exception cref="TimeoutException">There were not so many for a minute of real time, whatever the host's clock; the message says what there was.</exception>
    public Task<IReadOnlyList<DaprCall>> TakeAsync(int count, Func<DaprCall, bool> match, CancellationToken cancellation) => TakeAsync(count, match, WaitLimit, cancellation);

    internal async Task<IReadOnlyList<DaprCall>> TakeAsync(int count, Func<DaprCall, bool> match, TimeSpan wait, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(wait);
        while (true)
        {
            var added = Volatile.Read(ref _added).Task;
            var all = All;
            var found = all.Where(match).Take(count).ToArray();
            if (found.Length == count)
            {
                return found;
            }

            try
            {
                await added.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
            {
                var told = all.Count == 0 ? "Nothing was recorded at all." : $"Recorded were {all.Count} calls, the last of them:\n{string.Join('\n', all.TakeLast(ToldLimit))}";
                throw new TimeoutException($"After {wait.TotalSeconds} s there are {found.Length} of {count} such calls. {told}", error);
            }
        }
    }

    /// <summary>Forgets what was recorded.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _calls.Clear();
        }
    }

    internal void Add(DaprCall call)
    {
        TaskCompletionSource added;
        lock (_gate)
        {
            if (_calls.Count == Limit)
            {
                _calls.RemoveRange(0, Limit / 10);
            }

            _calls.Add(call);
            (added, _added) = (_added, New());
        }

        added.TrySetResult();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
