using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.BuildingBlocks.Bindings;
using EdgeMesh.Sidecar.BuildingBlocks.Configuration;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Starts what the building blocks do for one app, and ends it: for as long as the sidecar runs, or, where the app's health is
/// probed, for as long as the app is healthy. A change of resources never waits for an app that does not answer: whatever waits for it
/// begins anew, with what is there then.</summary>
internal sealed partial class AppStarter(AppRuntime app, IReadOnlyList<Subscription> declared, ILogger logger) : IAsyncDisposable
{
    private static readonly AppPart[] Starts = [.. ServedBlock.All.Select(b => b.Part).OfType<AppPart>()];

    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    /// <summary>Who has it may touch all that follows.</summary>
    private readonly AppTurn _turn = new();

    /// <summary>In the order of <see cref="Starts"/>; null: does not stand.</summary>
    private readonly IAsyncDisposable?[] _parts = new IAsyncDisposable?[Starts.Length];
    private IReadOnlyList<Subscription> _declared = declared;
    private bool _isWanted;

    /// <summary>Whether messages and events of bindings come no more.</summary>
    private bool _isEnding;

    private IAsyncDisposable? _outbox;

    public AppRuntime App => app;

    public void Start()
    {
        // Also for an app that only calls.
        _outbox = OutboxRelay.Start(app, logger);
        ActorHosting.ExpectStreams(app, logger);
        _run = RunAsync(_stop.Token);
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            if (app.Channel is { } channel && app.Options.HealthCheck is { } health)
            {
                // The sidecar is ready whether or not its app is healthy, as daprd is.
                app.IsReady = true;
                var probe = new AppHealthProbe(channel, health, app.Process.Clock);
                await Task.WhenAll(_turn.RunAsync(StartPartsAsync, cancellation), probe.RunAsync(healthy => ChangeAsync(healthy, cancellation), cancellation));
            }
            else
            {
                await BeginAsync(cancellation);
                await _turn.RunAsync(StartPartsAsync, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The sidecar stops.
        }
    }

    private async Task ChangeAsync(bool healthy, CancellationToken cancellation)
    {
        if (healthy)
        {
            LogHealthy(app.AppId);
            await BeginAsync(cancellation);
            return;
        }

        LogUnhealthy(app.AppId);
        app.IsHealthy = false;
        await _turn.ChangeAsync(
            async () =>
            {
                (_isWanted, app.IsHealthy) = (false, false);
                await EndPartsAsync();
            },
            cancellation);
        LogEnded(app.AppId);
    }

    private Task BeginAsync(CancellationToken cancellation) => _turn.ChangeAsync(() => Task.FromResult(_isWanted = true), cancellation);

    /// <summary>In a turn: those that lack.</summary>
    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        if (!_isWanted || _isEnding)
        {
            return;
        }

        for (var i = 0; i < Starts.Length && app.Channel is not null; i++)
        {
            _parts[i] ??= await Starts[i](new AppArrival(app, app.Channel, _declared, logger), cancellation);
        }

        app.IsHealthy = app.IsReady = true;
    }

    /// <summary>In a turn.</summary>
    private async Task EndPartsAsync()
    {
        for (var i = Starts.Length - 1; i >= 0; i--)
        {
            await EndAsync(i);
        }
    }

    /// <summary>The sidecar is about to stop: as with daprd no message and no event of a binding comes any more, while calls, actors, timers,
    /// reminders and jobs go on. What the app has in hand is waited for.</summary>
    public Task EndInflowAsync()
    {
        app.Drain.Begin();
        return Task.WhenAll(app.Streams.EndAsync(), EndInflowPartsAsync());
    }

    private Task EndInflowPartsAsync() => _turn.ChangeAsync(
        async () =>
        {
            _isEnding = true;
            for (var i = Starts.Length - 1; i >= 0; i--)
            {
                await (_parts[i] is AppSubscriptions or InputBindings ? EndAsync(i) : Task.CompletedTask);
            }

            app.IsEnding = true;
        },
        CancellationToken.None);

    private async Task EndAsync(int part)
    {
        if (_parts[part] is { } ended)
        {
            _parts[part] = null;
            await ended.DisposeAsync();
        }
    }

    /// <summary>Other subscriptions are declared now. An app that is not there yet gets them when it comes.</summary>
    public Task SubscribeAgainAsync(IReadOnlyList<Subscription> changed, CancellationToken cancellation) => _turn.ChangeAsync(
        async () =>
        {
            _declared = changed;
            foreach (var subscriptions in _parts.OfType<AppSubscriptions>())
            {
                await subscriptions.DeclareAsync(changed);
            }
        },
        cancellation);

    /// <summary>Other components of these names are there now: whatever the app has of them for longer than a call takes those.</summary>
    public Task TakeAsync(IReadOnlySet<string> components, bool withBindings, bool withOutbox, CancellationToken cancellation) => _turn.ChangeAsync(
        async () =>
        {
            foreach (var failure in ConfigurationSubscriptions.Of(app).Move(app))
            {
                LogDeaf(app.AppId, failure);
            }

            for (var i = 0; i < Starts.Length; i++)
            {
                await (_parts[i] switch
                {
                    AppSubscriptions subscriptions => subscriptions.ConnectAgainAsync(components),
                    InputBindings when withBindings => EndAsync(i),
                    _ => Task.CompletedTask,
                });
            }

            if (withOutbox)
            {
                await (_outbox?.DisposeAsync() ?? ValueTask.CompletedTask);
                _outbox = OutboxRelay.Start(app, logger);
            }
        },
        cancellation);

    public async ValueTask DisposeAsync()
    {
        app.IsEnding = true;
        app.Drain.Begin();
        await _stop.CancelAsync();
        await _run;
        await Task.WhenAll(app.Streams.EndAsync(), ActorHosting.EndStreamsAsync(app), _turn.ChangeAsync(EndPartsAsync, CancellationToken.None));
        if (_outbox is not null)
        {
            await _outbox.DisposeAsync();
        }

        _stop.Dispose();
        _turn.Dispose();
    }

    [LoggerMessage(LogLevel.Information, "{App} is healthy: it gets messages and calls")]
    private partial void LogHealthy(string app);

    [LoggerMessage(LogLevel.Debug, "{App}: what it had in hand is done, and its subscriptions have ended")]
    private partial void LogEnded(string app);

    [LoggerMessage(LogLevel.Error, "{App} has a subscription that is told of no change any more: {Reason}")]
    private partial void LogDeaf(string app, string reason);

    [LoggerMessage(LogLevel.Warning, "{App} is not healthy: it gets no messages and no calls until it is")]
    private partial void LogUnhealthy(string app);
}
