using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Triggers.Retries;
using EdgeMesh.Services.Functions.Triggers.Schedules;

namespace EdgeMesh.Services.Functions.Triggers;

/// <summary>Deletes what triggers stored and nobody needs any more, so that a function or a schedule that comes later does not go on from it. What a crash
/// leaves is deleted at the next start: what there may be follows from the versions that are known.</summary>
internal sealed partial class TriggerRows(Catalog catalog, DaprClient dapr, SiteIdentity identity, ILogger logger)
{
    private const string Store = "heads";

    /// <summary>False: the store is away.</summary>
    /// <param name="function">Whose.</param>
    /// <param name="runs">The version whose schedules go on, and for which parked calls are tried; null: the function was removed.</param>
    /// <param name="cancellation">Ends it between two rows.</param>
    public async Task<bool> TryForgetAsync(string function, KnownBundle? runs, CancellationToken cancellation)
    {
        try
        {
            foreach (var row in catalog.BundlesOf(function).SelectMany(RowsOf).Except(runs is null ? [] : RowsOf(runs)))
            {
                await dapr.DeleteStateAsync(Store, row, cancellationToken: cancellation);
            }

            if (runs is null)
            {
                await FunctionRetries.ForgetAsync(dapr, identity, function, cancellation);
            }

            return true;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            LogLeft(logger, function, error.Message);
            return false;
        }
    }

    private IEnumerable<string> RowsOf(KnownBundle bundle) =>
        bundle.Manifest.Triggers.Where(t => t.Schedule is not null).Select(t => ScheduleSource.RowOf(identity, bundle.Manifest.Name, t.Schedule!));

    [LoggerMessage(LogLevel.Warning, "What the triggers of {Function} stored can't be deleted now: {Reason}; it is tried again when the function changes, and at the next start")]
    private static partial void LogLeft(ILogger logger, string function, string reason);
}
