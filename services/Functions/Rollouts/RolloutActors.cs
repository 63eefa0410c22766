using Dapr.Actors;
using Dapr.Actors.Client;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>The way to the rollouts' actors, through the sidecar.</summary>
internal sealed class RolloutActors(IActorProxyFactory proxies)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(35);

    public Task LookAsync(string function, CancellationToken cancellation) =>
        AskAsync(function, (actor, limited) => actor.InvokeMethodAsync(nameof(IRollout.LookAsync), limited), cancellation);

    /// <summary>Asks for one of the changes of <see cref="IRollout"/>.</summary>
    public Task ChangeAsync(string function, string change, string by, CancellationToken cancellation) =>
        AskAsync(function, (actor, limited) => actor.InvokeMethodAsync(change, by, limited), cancellation);

    private async Task AskAsync(string function, Func<ActorProxy, CancellationToken, Task> ask, CancellationToken cancellation)
    {
        // The sidecar comes back in its own time, whatever clock a test gave to this service.
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await ask(proxies.Create(new ActorId(function), RolloutActor.Type), both.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The rollout of '{function}' did not answer in {Limit.TotalSeconds:0} s.");
        }
    }
}
