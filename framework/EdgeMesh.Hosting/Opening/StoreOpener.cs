using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Hosting;

/// <summary>Opens what a service stands on when the sidecar, the components and the secrets that it needs answer, and closes it with the
/// service. Until then requests are answered 503, and <c>/readyz</c> says what is waited for.</summary>
public abstract partial class StoreOpener<TStore>(ILogger logger) : BackgroundService
    where TStore : class
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private volatile TStore? _store;
    private OwnedParts? _parts;
    private volatile string _awaited = "the sidecar";

    /// <summary>Null until it is open, and again once the service stops.</summary>
    public TStore? Store => _store;

    /// <summary>While it is not open: what is waited for, for people.</summary>
    protected string Awaited { get => _awaited; set => _awaited = value; }

    /// <summary>Opens it. May fail in any way, and is asked again after a pause that grows.</summary>
    /// <param name="parts">Owns whatever must be closed: at once when this attempt fails, else with the service.</param>
    /// <param name="cancellation">The service stops.</param>
    protected abstract Task<TStore> OpenAsync(OwnedParts parts, CancellationToken cancellation);

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        _store = null;
        if (Interlocked.Exchange(ref _parts, null) is { } parts)
        {
            await parts.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await OpenAsync(stoppingToken);
                return;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // What is away may be away in any way: the sidecar, a component, a secret, room on the disk.
                Awaited = error.Message;
                LogWaits(logger, error.Message);
            }

            // It comes in its own time, whatever clock a test gave to this service.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), TimeProvider.System, stoppingToken);
        }
    }

    private async Task OpenAsync(CancellationToken cancellation)
    {
        var parts = new OwnedParts();
        try
        {
            var store = await OpenAsync(parts, cancellation);
            (_parts, _store) = (parts, store);
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Warning, "What the service stands on can't be opened yet: {Reason}")]
    private static partial void LogWaits(ILogger logger, string reason);
}
