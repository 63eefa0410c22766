using EdgeMesh.Sidecar.Apps;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Begins to host an app's actors, and ends it. An app that speaks gRPC is asked nothing, as with daprd: it opens streams for them
/// (<see cref="ActorStream"/>), which come and go by themselves, so its reminders stand as long as its sidecar.</summary>
internal sealed class ActorHosting(AppRuntime app, ActorHost host) : IAsyncDisposable
{
    public static async Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation)
    {
        var (app, hasStreams) = (arrival.App, HasStreams(arrival.App));
        var faults = new List<string>();
        var config = hasStreams ? default : await AppQuestion.GetJsonAsync(arrival, "/dapr/config", cancellation);
        var types = ActorConfig.Read(config, faults);
        faults.ForEach(fault => AppQuestion.LogFault(arrival.Logger, app.AppId, fault));
        var host = new ActorHost(app, new ActorPaths(arrival.Channel, app.Process.MaxBodySize), types, arrival.Logger);
        if (!hasStreams)
        {
            app.Directory.Actors.Reminders.Open(app, arrival.Logger);
        }

        await app.Directory.Actors.JoinAsync(host);
        return hasStreams ? host : new ActorHosting(app, host);
    }

    /// <summary>Before the app's streams.</summary>
    public static void ExpectStreams(AppRuntime app, ILogger logger)
    {
        if (HasStreams(app))
        {
            app.Directory.Actors.Reminders.Open(app, logger);
        }
    }

    /// <summary>The sidecar stops.</summary>
    public static async Task EndStreamsAsync(AppRuntime app)
    {
        if (HasStreams(app))
        {
            await EndAsync(app, app.ActorStreams.EndAsync);
        }
    }

    public async ValueTask DisposeAsync() => await EndAsync(app, () => host.DisposeAsync().AsTask());

    /// <summary>Nothing fires any more; then calls under way end; then what they did to reminders is on disk.</summary>
    private static async Task EndAsync(AppRuntime app, Func<Task> endCalls)
    {
        app.Directory.Actors.Reminders.Stop(app.AppId);
        await endCalls();
        await app.Directory.Actors.Reminders.CloseAsync(app.AppId);
    }

    private static bool HasStreams(AppRuntime app) => app.Channel?.Callbacks is not null;
}
