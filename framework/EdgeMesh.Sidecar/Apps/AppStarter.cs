using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Starts what the building blocks do for one app, and ends it.</summary>
internal sealed class AppStarter(AppRuntime app, IReadOnlyList<Subscription> declared, ILogger logger) : IAsyncDisposable
{
    /// <summary>Only the starting task adds, and only disposing, which waits for that, takes.</summary>
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _start = Task.CompletedTask;

    public void Start() => _start = StartAsync(_stop.Token);

    private async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            _parts.Push(OutboxRelay.Start(app, logger));
            if (app.Channel is { } channel)
            {
                var arrival = new AppArrival(app, channel, declared, logger);
                foreach (var start in ServedBlock.All.Select(b => b.Part).OfType<AppPart>())
                {
                    _parts.Push(await start(arrival, cancellation));
                }
            }

            app.IsReady = true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The sidecar stops before its app came.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _start;
        while (_parts.TryPop(out var part))
        {
            await part.DisposeAsync();
        }

        _stop.Dispose();
    }
}
