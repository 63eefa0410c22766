namespace EdgeMesh.Services.Functions.Store;

/// <summary>Opens the store when what it needs answers, and closes it at the end. Until then requests are answered 503.</summary>
internal sealed partial class FunctionsOpener(IServiceProvider services, IHostApplicationLifetime lifetime, ILogger<FunctionsOpener> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private string _waitsFor = "the sidecar";

    /// <summary>Null until it is open.</summary>
    public FunctionsStore? Store { get; private set; }

    /// <summary>For <c>/readyz</c>: null when requests can be answered.</summary>
    public string? WaitsFor => Store switch
    {
        null => _waitsFor,
        { Following: { IsCaughtUp: false } following } store => $"the catalogue, which is at {following.Position} of {store.Changes.Head}{(following.Failure is { } failure ? $": {failure}" : "")}",
        _ => null,
    };

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (Store is { } store)
        {
            Store = null;
            await store.DisposeAsync();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                Store = await OpenAsync(stoppingToken);
                // The web server waits for its requests before this service is told to stop.
                lifetime.ApplicationStopping.Register(Store.BeginStop);
                LogOpened(logger, Store.Changes.Head.ToString());
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // What is away may be away in any way: the sidecar, a component, a secret. /readyz says what. It comes in its own time,
                // whatever clock a test gave to this service.
                _waitsFor = error.Message;
                LogWaits(logger, error.Message);
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), TimeProvider.System, stoppingToken);
        }
    }

    private async Task<FunctionsStore> OpenAsync(CancellationToken cancellation)
    {
        var store = await FunctionsStore.OpenAsync(services, cancellation);
        try
        {
            _waitsFor = "the catalogue, which is read from the journal";
            await store.StartAsync(cancellation);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Information, "The functions are open; the journal is at {Head}")]
    private static partial void LogOpened(ILogger logger, string head);

    [LoggerMessage(LogLevel.Warning, "The functions can't be opened yet: {Reason}")]
    private static partial void LogWaits(ILogger logger, string reason);
}
