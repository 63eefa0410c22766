using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers.Changes;
using EdgeMesh.Services.Functions.Triggers.Retries;
using EdgeMesh.Services.Functions.Triggers.Schedules;
using EdgeMesh.Services.Functions.Triggers.Topics;

namespace EdgeMesh.Services.Functions.Triggers;

/// <summary>The triggers that are alive at this site: those of every function's stable version. Follows the catalogue.</summary>
internal sealed partial class SiteTriggers(
    Catalog catalog, Func<string, KnownBundle?> choose, FunctionCalls calls, DaprClient dapr, SidecarEndpoints sidecar, RecordChanges records, SiteIdentity identity,
    TimeProvider clock, ILogger<SiteTriggers> logger) : IAsyncDisposable
{
    private readonly DueFunctions _due = new();
    private readonly TriggerRows _rows = new(catalog, dapr, identity, logger);

    /// <summary>The version that each function was brought up to; null: it was removed.</summary>
    private readonly Dictionary<string, string?> _followed = new(StringComparer.Ordinal);

    /// <summary>Functions that were removed while the store was away.</summary>
    private readonly HashSet<string> _left = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, AliveFunction> _alive = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TopicStream> _streams = new(StringComparer.Ordinal);
    private volatile IReadOnlyList<(TopicTrigger Trigger, TopicSource Source)> _topics = [];
    private Task _loop = Task.CompletedTask;

    public void Start()
    {
        catalog.Changed += _due.Add;
        foreach (var function in catalog.Functions)
        {
            _due.Add(function.Name);
        }

        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Whether any function gets the messages of a topic.</summary>
    public bool Wants(string topic) => _topics.Any(t => t.Trigger.Name == topic);

    /// <summary>Gives a message to every function that wants it. True: it is done with, or parked. False: all get it again, under the same key.</summary>
    public async Task<bool> TakeAsync(TopicMessage message, CancellationToken cancellation)
    {
        var taken = await Task.WhenAll(_topics.Where(t => t.Trigger.Name == message.Topic).Select(t => t.Source.TakeAsync(message, cancellation)));
        return taken.All(t => t);
    }

    public async ValueTask DisposeAsync()
    {
        catalog.Changed -= _due.Add;
        await _stop.CancelAsync();
        await _loop;
        foreach (var stream in _streams.Values)
        {
            await stream.DisposeAsync();
        }

        foreach (var function in _alive.Values)
        {
            await function.DisposeAsync();
        }

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
                    await FollowAsync(function, cancellation);
                }

                await FollowTopicsAsync();
                records.Start();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>Brings a function's triggers up to its stable version.</summary>
    private async Task FollowAsync(string function, CancellationToken cancellation)
    {
        if (catalog.Rollout(identity.Site, function)?.State is not { } state)
        {
            return;
        }

        var wanted = catalog.FindBundle(state.Stable);
        if (_followed.TryGetValue(function, out var followed) && followed == wanted?.Digest)
        {
            return;
        }

        if (_alive.Remove(function, out var alive))
        {
            // Changes still come to it: what it can't take any more comes again, to its successor.
            await alive.DisposeAsync();
        }

        records.BeginChange();
        try
        {
            records.Remove(function);
            await ReplaceAsync(function, wanted, state, cancellation);
        }
        finally
        {
            records.EndChange();
        }
    }

    private async Task ReplaceAsync(string function, KnownBundle? wanted, RolloutState state, CancellationToken cancellation)
    {
        if (wanted is null && state.Phase != RolloutPhase.Removed)
        {
            // Its bundle is not here again yet: what it left is still its own.
            _followed.Remove(function);
            return;
        }

        await ForgetAsync(function, wanted, cancellation);
        _followed[function] = wanted?.Digest;
        if (wanted is not null && (wanted.Manifest.Triggers.Any(t => t.Http is null) || MayHaveParked(function)))
        {
            _alive[function] = Make(wanted);
            LogAlive(logger, function, wanted.Manifest.Version, wanted.Manifest.Triggers.Count(t => t.Http is null));
        }
    }

    /// <summary>Before anything of the version begins: it must not go on from what was left.</summary>
    private async Task ForgetAsync(string function, KnownBundle? runs, CancellationToken cancellation)
    {
        if (runs is not null && _left.Contains(function) && await _rows.TryForgetAsync(function, null, cancellation))
        {
            _left.Remove(function);
        }

        if (!await _rows.TryForgetAsync(function, runs, cancellation) && runs is null)
        {
            _left.Add(function);
        }

        if (runs is null)
        {
            calls.Log.Remove(function);
        }
    }

    /// <summary>Calls of a version before, which the present one is to take though nothing but HTTP calls it.</summary>
    private bool MayHaveParked(string function) => catalog.BundlesOf(function).Any(b => b.Manifest.Triggers.Any(t => t.Topic is not null || t.Changes is not null));

    private AliveFunction Make(KnownBundle bundle)
    {
        var (name, manifest) = (bundle.Manifest.Name, bundle.Manifest);
        var retries = new FunctionRetries(name, dapr, identity, clock, choose, calls, logger);
        var sources = new List<TriggerSource> { retries };
        var topics = new List<(TopicTrigger, TopicSource)>();
        foreach (var trigger in manifest.Triggers)
        {
            if (trigger.Schedule is { } schedule)
            {
                sources.Add(new ScheduleSource(name, schedule, dapr, identity, clock, choose, calls, logger));
            }
            else if (trigger.Topic is { } topic)
            {
                topics.Add((topic, new TopicSource(name, topic, retries, clock, choose, calls)));
            }
            else if (trigger.Changes is { } changes)
            {
                records.Add(new ChangesSource(name, changes, retries, choose, calls));
            }
        }

        sources.ForEach(s => s.Start());
        return new AliveFunction(bundle.Digest, sources, topics);
    }

    /// <summary>One stream for each topic that any function wants.</summary>
    private async Task FollowTopicsAsync()
    {
        _topics = [.. _alive.Values.SelectMany(a => a.Topics)];
        var wanted = _topics.Select(t => t.Trigger.Name).ToHashSet();
        foreach (var topic in _streams.Keys.Where(t => !wanted.Contains(t)).ToArray())
        {
            await _streams[topic].DisposeAsync();
            _streams.Remove(topic);
        }

        foreach (var topic in wanted.Where(t => !_streams.ContainsKey(t)))
        {
            var stream = _streams[topic] = new TopicStream(sidecar, topic, TakeAsync, clock, logger);
            stream.Start();
        }
    }

    [LoggerMessage(LogLevel.Information, "Function {Function} {Version} has {Count} triggers alive")]
    private static partial void LogAlive(ILogger logger, string function, string version, int count);

    /// <summary>A function's triggers.</summary>
    private sealed record AliveFunction(string Bundle, IReadOnlyList<TriggerSource> Sources, IReadOnlyList<(TopicTrigger Trigger, TopicSource Source)> Topics) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            foreach (var source in Sources)
            {
                await source.DisposeAsync();
            }
        }
    }
}
