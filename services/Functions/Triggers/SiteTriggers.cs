using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers.Changes;
using EdgeMesh.Services.Functions.Triggers.Schedules;
using EdgeMesh.Services.Functions.Triggers.Topics;

namespace EdgeMesh.Services.Functions.Triggers;

/// <summary>The triggers that are alive at this site: those of every function's stable version. Follows the catalogue, and waits for no call and no store while it
/// does: what is deployed, rolled back or removed holds for the next call.</summary>
internal sealed partial class SiteTriggers(
    Catalog catalog, Func<string, KnownBundle?> choose, FunctionCalls calls, DaprClient dapr, SidecarEndpoints sidecar, RecordChanges records,
    FunctionStates states, SiteIdentity identity, TimeProvider clock, ILogger<SiteTriggers> logger) : IAsyncDisposable
{
    private const string Removed = "removed";
    private const string LeftOut = "left out";

    private readonly DueFunctions _due = new();
    private readonly SourceMaker _make = new(dapr, identity, clock, choose, calls, logger);
    private readonly TriggerRows _rows = new(dapr, states, identity, clock, logger);

    /// <summary>What each function was brought up to: a version's digest, or one of the two below.</summary>
    private readonly Dictionary<string, string> _followed = new(StringComparer.Ordinal);

    /// <summary>Functions of which a schedule waits until its row, which a version before left, is deleted.</summary>
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AliveFunction> _alive = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public SiteTopics Topics { get; } = new(sidecar, clock, logger);

    public void Start()
    {
        catalog.Changed += _due.Add;
        foreach (var function in catalog.Functions)
        {
            _due.Add(function.Name);
        }

        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Begins no more calls, and returns when those under way are settled.</summary>
    public async ValueTask DisposeAsync()
    {
        catalog.Changed -= _due.Add;
        await _stop.CancelAsync();
        await _loop;
        await Topics.DisposeAsync();
        await Task.WhenAll(_alive.Values.Select(a => a.DisposeAsync().AsTask()));
        await _rows.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                foreach (var function in await _due.TakeAsync(cancellation))
                {
                    Follow(function);
                }

                Topics.Follow([.. _alive.Values.SelectMany(a => a.Topics)]);
                records.Follow([.. _alive.Values.SelectMany(a => a.Changes)]);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>Brings a function's triggers up to its stable version.</summary>
    private void Follow(string function)
    {
        if (catalog.Rollout(identity.Site, function)?.State is not { } state || _rows.IsHeldUp(function))
        {
            // Nothing is decided yet, or it must not go on from what was left: it is looked at again then.
            return;
        }

        var wanted = catalog.FindBundle(state.Stable);
        var next = wanted?.Digest ?? (state.IsLeftOut ? LeftOut : Removed);
        var isNew = _followed.GetValueOrDefault(function) != next;
        if ((wanted is null && state.Phase != RolloutPhase.Removed) || (!isNew && !_waiting.Contains(function)))
        {
            // Its bundle is not here again yet, so what it left is still its own; or there is nothing new.
            return;
        }

        _followed[function] = next;
        if (wanted is null)
        {
            End(function, isRemoved: !state.IsLeftOut);
        }
        else
        {
            Follow(wanted, isNew);
        }
    }

    /// <param name="wanted">The version.</param>
    /// <param name="isNew">Whether it takes another's place; false: only schedules that waited are begun.</param>
    private void Follow(KnownBundle wanted, bool isNew)
    {
        var (function, manifest) = (wanted.Manifest.Name, wanted.Manifest);
        var waiting = RowsOf(wanted).Where(_rows.IsForgetting).ToHashSet(StringComparer.Ordinal);
        _ = waiting.Count > 0 ? _waiting.Add(function) : _waiting.Remove(function);
        IReadOnlyList<ScheduleSource> over = [];
        if (_alive.ContainsKey(function) || manifest.Triggers.Any(t => t.Http is null) || MayHaveParked(function))
        {
            if (!_alive.TryGetValue(function, out var alive))
            {
                var retries = _make.Retries(function);
                _alive[function] = alive = new AliveFunction(retries);
                retries.Start();
            }

            over = alive.Follow(manifest, _make, waiting);
            if (isNew)
            {
                LogAlive(logger, function, manifest.Version, manifest.Triggers.Count(t => t.Http is null) - waiting.Count);
            }
        }

        if (!isNew)
        {
            return;
        }

        var left = SchedulesOf(function).Union(over.Select(s => s.Row)).Except(RowsOf(wanted)).Where(r => !_rows.IsForgetting(r));
        Forget(new LeftRows(function, [.. left], IsRemoved: false), over.Count == 0 ? null : () => Task.WhenAll(over.Select(s => s.EndAsync())));
    }

    /// <param name="function">The function.</param>
    /// <param name="isRemoved">Whether its parked calls and its state go too: a site that is only left out may come back to them.</param>
    private void End(string function, bool isRemoved)
    {
        calls.Log.Remove(function);
        _waiting.Remove(function);
        if (isRemoved)
        {
            states.Of(function).BeginRemoval();
        }

        var left = new LeftRows(function, [.. SchedulesOf(function)], isRemoved) { IsWhole = true };
        Forget(left, _alive.Remove(function, out var alive) ? alive.EndAsync : null);
    }

    /// <param name="left">What is no longer needed.</param>
    /// <param name="ending">Ends who writes it; null: nobody does any more. Until it is over, none may take the place of who is ended: both would write what is kept.</param>
    private void Forget(LeftRows left, Func<Task>? ending)
    {
        if (ending is not null || !left.IsEmpty)
        {
            _rows.Forget(left, ending ?? (static () => Task.CompletedTask), () => _due.Add(left.Function));
        }
    }

    /// <summary>Calls of a version before, which the present one is to take though nothing but HTTP calls it.</summary>
    private bool MayHaveParked(string function) => catalog.BundlesOf(function).Any(b => b.Manifest.Triggers.Any(t => t.Topic is not null || t.Changes is not null));

    /// <summary>What the schedules of any version that is known may have stored.</summary>
    private IEnumerable<string> SchedulesOf(string function) => catalog.BundlesOf(function).SelectMany(RowsOf).Distinct();

    private IEnumerable<string> RowsOf(KnownBundle bundle) =>
        bundle.Manifest.Triggers.Select(t => t.Schedule).OfType<ScheduleTrigger>().Select(s => ScheduleSource.RowOf(identity, bundle.Manifest.Name, s));

    [LoggerMessage(LogLevel.Information, "Function {Function} {Version} has {Count} triggers alive")]
    private static partial void LogAlive(ILogger logger, string function, string version, int count);
}
