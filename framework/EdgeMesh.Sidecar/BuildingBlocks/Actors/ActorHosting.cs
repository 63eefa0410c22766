using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Begins to host an app's actors, and ends it. An app that speaks gRPC is asked nothing, as with daprd: it opens streams for them
/// (<see cref="ActorStream"/>).</summary>
internal sealed class ActorHosting(AppRuntime app, ActorHost host) : IAsyncDisposable
{
    public static async Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation)
    {
        var faults = new List<string>();
        var config = arrival.Channel.Callbacks is null ? await AppQuestion.GetJsonAsync(arrival, "/dapr/config", cancellation) : default;
        var types = ActorConfig.Read(config, faults);
        faults.ForEach(fault => AppQuestion.LogFault(arrival.Logger, arrival.App.AppId, fault));
        var host = new ActorHost(arrival.App, new ActorPaths(arrival.Channel, arrival.App.Process.MaxBodySize), types, arrival.Logger);
        arrival.App.Directory.Actors.Reminders.Open(arrival.App, arrival.Logger);
        await arrival.App.Directory.Actors.JoinAsync(host);
        return new ActorHosting(arrival.App, host);
    }

    /// <summary>Nothing fires any more; then calls under way end; then what they did to reminders is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        app.Directory.Actors.Reminders.Stop(app.AppId);
        await host.StopAsync();
        await app.Directory.Actors.Reminders.CloseAsync(app.AppId);
    }
}
