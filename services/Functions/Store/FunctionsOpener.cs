using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Store;

/// <inheritdoc/>
internal sealed partial class FunctionsOpener(IServiceProvider services, IHostApplicationLifetime lifetime, ILogger<FunctionsOpener> logger) : StoreOpener<FunctionsStore>(logger)
{
    /// <summary>For <c>/readyz</c>: null when requests can be answered.</summary>
    public string? WaitsFor => Store switch
    {
        null => Awaited,
        { Following: { IsCaughtUp: false } following } store => $"the catalogue, which is at {following.Position} of {store.Changes.Head}{(following.Failure is { } failure ? $": {failure}" : "")}",
        _ => null,
    };

    protected override async Task<FunctionsStore> OpenAsync(OwnedParts parts, CancellationToken cancellation)
    {
        var store = parts.Own(await FunctionsStore.OpenAsync(services, parts, cancellation));
        Awaited = "the catalogue, which is read from the journal";
        await store.StartAsync(cancellation);
        // The web server waits for its requests before this service is told to stop.
        lifetime.ApplicationStopping.Register(store.BeginStop);
        LogOpened(logger, store.Changes.Head.ToString());
        return store;
    }

    [LoggerMessage(LogLevel.Information, "The functions are open; the journal is at {Head}")]
    private static partial void LogOpened(ILogger logger, string head);
}
