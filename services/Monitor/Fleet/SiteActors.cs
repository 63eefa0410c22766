using Dapr.Actors;
using Dapr.Actors.Client;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>The way to the sites' actors, through the sidecar. Only a core has them.</summary>
internal sealed class SiteActors(IActorProxyFactory proxies)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Returns when the report is on disk.</summary>
    public Task HearAsync(string site, string report, CancellationToken cancellation) =>
        AskAsync(site, (actor, limited) => actor.InvokeMethodAsync(nameof(ISite.HearAsync), report, limited), cancellation);

    /// <summary>Returns when the site's dead-man's timer runs, and the board shows the site.</summary>
    public Task WatchAsync(string site, CancellationToken cancellation) =>
        AskAsync(site, (actor, limited) => actor.InvokeMethodAsync(nameof(ISite.WatchAsync), limited), cancellation);

    private async Task AskAsync(string site, Func<ActorProxy, CancellationToken, Task> ask, CancellationToken cancellation)
    {
        // The sidecar comes back in its own time, whatever clock a test gave to this service.
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await ask(proxies.Create(new ActorId(site), SiteActor.Type), both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The actor of the site '{site}' did not answer in {Limit.TotalSeconds:0} s.");
        }
    }
}
