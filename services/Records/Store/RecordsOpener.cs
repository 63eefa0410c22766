using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Store;

/// <inheritdoc/>
internal sealed partial class RecordsOpener(IServiceProvider services, ILogger<RecordsOpener> logger) : StoreOpener<RecordsStore>(logger)
{
    /// <summary>For <c>/readyz</c>: null when requests can be answered.</summary>
    public string? WaitsFor() => Store switch
    {
        null => Awaited,
        { Projection: { IsCaughtUp: false } projection } store =>
            $"the search index, which is at {projection.Position} of {store.Changes.Head}{(projection.Failure is { } failure ? $": {failure}" : "")}",
        { Sharing.Consents: { IsCaughtUp: false } consents } store => $"the consents, which are at {consents.Position} of {store.Changes.Head}",
        _ => null,
    };

    protected override async Task<RecordsStore> OpenAsync(OwnedParts parts, CancellationToken cancellation)
    {
        var store = await RecordsStore.OpenAsync(services, parts, cancellation);
        LogOpened(logger, store.Changes.Head.ToString());
        return store;
    }

    [LoggerMessage(LogLevel.Information, "The records are open; the change journal is at {Head}")]
    private static partial void LogOpened(ILogger logger, string head);
}
