using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Rollouts;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>At a core: makes what other sites' deployers said its own word too, so that it reaches sites which the one that took it does not,
/// and passes on how far the sites of a canary are. A word is signed and so says the same from whoever it comes. Each is relayed once; a
/// crash between leaves the bundle, and the word is relayed at the next start.</summary>
internal sealed partial class Relay(Catalog catalog, Deployer deployer, RolloutRelay rollouts, MeshDirectory directory, ILogger<Relay> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly DueFunctions _due = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public void Start()
    {
        if (!directory.This.IsCore)
        {
            return;
        }

        catalog.Changed += _due.Add;
        foreach (var function in catalog.Functions)
        {
            _due.Add(function.Name);
        }

        _loop = RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        catalog.Changed -= _due.Add;
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        // The store comes back in its own time, whatever clock a test gave to this service.
        await using var retry = TimeProvider.System.CreateTimer(_ => _due.Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            while (true)
            {
                foreach (var function in await _due.TakeAsync(cancellation))
                {
                    if (!await TryRelayAsync(function, cancellation))
                    {
                        _due.AddForLater(function);
                        retry.Change(Pause, Timeout.InfiniteTimeSpan);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task<bool> TryRelayAsync(string function, CancellationToken cancellation)
    {
        try
        {
            if (await deployer.RelayAsync(function, cancellation) is { Code: { } code } refused)
            {
                LogFailed(logger, function, $"{code}: {refused.Detail}");
                return false;
            }

            return await rollouts.RelayAsync(function, cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            LogFailed(logger, function, error.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The deployment of {Function} could not be relayed yet: {Reason}")]
    private static partial void LogFailed(ILogger logger, string function, string reason);
}
