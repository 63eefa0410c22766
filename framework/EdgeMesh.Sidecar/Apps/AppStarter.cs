using EdgeMesh.Sidecar.BuildingBlocks.Bindings;
using EdgeMesh.Sidecar.BuildingBlocks.Configuration;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Starts what the building blocks do for one app, and ends it: for as long as the sidecar runs, or, where the app's health is
/// probed, for as long as the app is healthy.</summary>
internal sealed partial class AppStarter(AppRuntime app, IReadOnlyList<Subscription> declared, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    /// <summary>Who holds it may touch all that follows.</summary>
    private readonly SemaphoreSlim _turn = new(1);
    private readonly List<(AppPart Start, IAsyncDisposable Part)> _parts = [];
    private IReadOnlyList<Subscription> _declared = declared;

    private IAsyncDisposable? _outbox;

    public AppRuntime App => app;

    public void Start()
    {
        // Also for an app that only calls.
        _outbox = OutboxRelay.Start(app, logger);
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
                await new AppHealthProbe(channel, health, app.Process.Clock).RunAsync(healthy => ChangeAsync(healthy, cancellation), cancellation);
            }
            else
            {
                await StartPartsAsync(cancellation);
                app.IsReady = true;
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
            await StartPartsAsync(cancellation);
            app.IsHealthy = true;
        }
        else
        {
            LogUnhealthy(app.AppId);
            app.IsHealthy = false;
            await EndPartsAsync();
            LogEnded(app.AppId);
        }
    }

    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        if (app.Channel is not { } channel)
        {
            return;
        }

        await _turn.WaitAsync(cancellation);
        try
        {
            foreach (var start in ServedBlock.All.Select(b => b.Part).OfType<AppPart>())
            {
                _parts.Add((start, await start(new AppArrival(app, channel, _declared, logger), cancellation)));
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task EndPartsAsync()
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            for (; _parts.Count > 0; _parts.RemoveAt(_parts.Count - 1))
            {
                await _parts[^1].Part.DisposeAsync();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Other subscriptions are declared now. An app that is not there yet gets them when it comes.</summary>
    public Task SubscribeAgainAsync(IReadOnlyList<Subscription> changed, CancellationToken cancellation) => InTurnAsync(
        async () =>
        {
            _declared = changed;
            await StartAgainAsync(AppSubscriptions.StartAsync, cancellation);
        },
        cancellation);

    /// <summary>Other components of these names are there now: whatever the app has of them for longer than a call takes those.</summary>
    public Task TakeAsync(IReadOnlySet<string> components, bool withBindings, bool withOutbox, CancellationToken cancellation) => InTurnAsync(
        async () =>
        {
            foreach (var failure in ConfigurationSubscriptions.Of(app).Move(app))
            {
                LogDeaf(app.AppId, failure);
            }

            foreach (var (_, part) in _parts)
            {
                await (part is AppSubscriptions subscriptions ? subscriptions.ConnectAgainAsync(components) : Task.CompletedTask);
            }

            if (withBindings)
            {
                await StartAgainAsync(InputBindings.StartAsync, cancellation);
            }

            if (withOutbox)
            {
                await (_outbox?.DisposeAsync() ?? ValueTask.CompletedTask);
                _outbox = OutboxRelay.Start(app, logger);
            }
        },
        cancellation);

    private async Task InTurnAsync(Func<Task> change, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await change();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>In a turn. An app that is not there has no parts.</summary>
    private async Task StartAgainAsync(AppPart start, CancellationToken cancellation)
    {
        var at = _parts.FindIndex(p => p.Start == start);
        if (at >= 0 && app.Channel is { } channel)
        {
            await _parts[at].Part.DisposeAsync();
            _parts.RemoveAt(at);
            _parts.Insert(at, (start, await start(new AppArrival(app, channel, _declared, logger), cancellation)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        await EndPartsAsync();
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
