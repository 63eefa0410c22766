using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Rollouts;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>At a core: makes what other sites' deployers said its own word too, so that it reaches sites which the one that took it does not,
/// and passes on how far the sites of a canary are. A word is signed and so says the same from whoever it comes. Each is relayed once; a
/// crash between leaves the bundle, and the word is relayed at the next start. What can't be relayed is told once, until it changes, and is tried
/// again after growing pauses.</summary>
internal sealed partial class Relay(Catalog catalog, Deployer deployer, RolloutRelay rollouts, MeshDirectory directory, ILogger<Relay> logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly DueFunctions _due = new();

    /// <summary>Functions of which something could not be relayed, and why. The loop's own.</summary>
    private readonly Dictionary<string, string> _failing = new(StringComparer.Ordinal);
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
        var pause = FirstPause;
        try
        {
            while (true)
            {
                foreach (var function in await _due.TakeAsync(cancellation))
                {
                    await RelayAsync(function, cancellation);
                }

                if (_failing.Count == 0)
                {
                    pause = FirstPause;
                    continue;
                }

                retry.Change(pause, Timeout.InfiniteTimeSpan);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task RelayAsync(string function, CancellationToken cancellation)
    {
        // How far the sites of a canary are needs no module: it goes on without the bundle.
        var reason = string.Join("; ", (string[])[
            .. await FaultsOfAsync(() => RelayWordAsync(function, cancellation), cancellation),
            .. await FaultsOfAsync(() => rollouts.RelayAsync(function, cancellation), cancellation)]);
        if (reason.Length == 0)
        {
            _failing.Remove(function);
            return;
        }

        if (_failing.GetValueOrDefault(function) != reason)
        {
            LogFailed(logger, function, reason);
        }

        _failing[function] = reason;
        _due.AddForLater(function);
    }

    private async Task<IReadOnlyList<string>> RelayWordAsync(string function, CancellationToken cancellation) =>
        await deployer.RelayAsync(function, cancellation) is { Code: { } code } refused ? [$"{code}: {refused.Detail}"] : [];

    /// <summary>Whatever goes wrong with one is no reason not to try the other.</summary>
    private static async Task<IReadOnlyList<string>> FaultsOfAsync(Func<Task<IReadOnlyList<string>>> relay, CancellationToken cancellation)
    {
        try
        {
            return await relay();
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            return [error.Message];
        }
    }

    [LoggerMessage(LogLevel.Warning, "What is known of {Function} could not be relayed yet, and is tried again: {Reason}")]
    private static partial void LogFailed(ILogger logger, string function, string reason);
}
