namespace EdgeMesh.Testing;

/// <summary>What passed through a host, in the order in which it ended. The last 10,000 calls are kept.</summary>
public sealed class CallLog
{
    private const int Limit = 10_000;

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
    public async Task<DaprCall> FirstAsync(Func<DaprCall, bool> match, CancellationToken cancellation) => (await TakeAsync(1, match, cancellation))[0];

    /// <summary>The first such calls, once there are so many.</summary>
    public async Task<IReadOnlyList<DaprCall>> TakeAsync(int count, Func<DaprCall, bool> match, CancellationToken cancellation)
    {
        while (true)
        {
            var added = _added.Task;
            var found = All.Where(match).Take(count).ToArray();
            if (found.Length == count)
            {
                return found;
            }

            await added.WaitAsync(cancellation);
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
