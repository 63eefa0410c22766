using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Store;

/// <summary>Opens the store when what it needs answers, and closes it at the end. Until then requests are answered 503.</summary>
internal sealed partial class RecordsOpener(IServiceProvider services, TimeProvider clock, ILogger<RecordsOpener> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private string _waitsFor = "the sidecar";

    /// <summary>Null until it is open.</summary>
    public RecordsStore? Store { get; private set; }

    /// <summary>For <c>/readyz</c>: null when requests can be answered.</summary>
    public string? WaitsFor() => Store switch
    {
        null => _waitsFor,
        { Projection: { IsCaughtUp: false } projection } store =>
            $"the search index, which is at {projection.Position} of {store.Changes.Head}{(projection.Failure is { } failure ? $": {failure}" : "")}",
        { Sharing.Consents: { IsCaughtUp: false } consents } store => $"the consents, which are at {consents.Position} of {store.Changes.Head}",
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
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested; pause = pause >= LongestPause ? LongestPause : pause * 2)
        {
            try
            {
                Store = await RecordsStore.OpenAsync(services, stoppingToken);
                LogOpened(logger, Store.Changes.Head.ToString());
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // What is away may be away in any way: the sidecar, a component, a secret. /readyz says what.
                _waitsFor = error.Message;
                LogWaits(logger, error.Message);
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), clock, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "The records are open; the change journal is at {Head}")]
    private static partial void LogOpened(ILogger logger, string head);

    [LoggerMessage(LogLevel.Warning, "The records can't be opened yet: {Reason}")]
    private static partial void LogWaits(ILogger logger, string reason);
}
