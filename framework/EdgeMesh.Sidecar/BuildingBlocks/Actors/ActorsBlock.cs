using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Calls of actors, whatever the transport.</summary>
internal static class ActorsBlock
{
    /// <summary>How long a call waits for an app of the process that has not come yet: it may host the type.</summary>
    private static readonly TimeSpan ArrivalLimit = TimeSpan.FromSeconds(5);

    /// <summary>Calls an actor wherever it lives, in its turn, and by its type's resiliency policy.</summary>
    /// <exception cref="DaprFault">The call can't be made, or the app's answer is no success.</exception>
    public static async Task<HttpResponseMessage> CallAsync(AppRuntime app, ActorCall call, CancellationToken cancellation)
    {
        try
        {
            return await app.Resilience.Actor(call.Actor.Type, call.Actor.Id).RunAsync(token => CallOnceAsync(app, call, token), cancellation);
        }
        catch (Exception error) when (error is TimeoutException or CircuitOpenException)
        {
            throw ActorFaults.Invoke(error.Message);
        }
    }

    private static async Task<HttpResponseMessage> CallOnceAsync(AppRuntime app, ActorCall call, CancellationToken cancellation)
    {
        var directory = app.Directory.Actors;
        while (true)
        {
            var owner = await directory.OwnerAsync(call.Actor, cancellation) ?? await ArrivedAsync(app, call.Actor, cancellation) ?? throw ActorFaults.NoAddress(call.Actor);
            if (await owner.CallAsync(call, cancellation) is { } answer)
            {
                return answer;
            }
        }
    }

    /// <summary>A call by a client: it says who calls, and may come back to a reentrant actor.</summary>
    public static Task<HttpResponseMessage> InvokeAsync(AppRuntime app, ActorCall call, CancellationToken cancellation)
    {
        call.Request.Headers.TryAddWithoutValidation("dapr-caller-app-id", app.AppId);
        call.Request.Headers.TryAddWithoutValidation("dapr-caller-namespace", app.Process.Namespace);
        return CallAsync(app, call, cancellation);
    }

    /// <summary>The type's host when it comes in time; at once null when every app of the process has come.</summary>
    private static async Task<ActorHost?> ArrivedAsync(AppRuntime app, ActorAddress actor, CancellationToken cancellation)
    {
        var directory = app.Directory.Actors;
        // Other hosts come up in their own time, whatever clock a test gave to this one.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ArrivalLimit);
        try
        {
            while (true)
            {
                var change = directory.NextChange;
                if (await directory.OwnerAsync(actor, limit.Token) is { } owner)
                {
                    return owner;
                }

                if (app.Directory.All.All(a => a.Channel is null || directory.HasAsked(a.AppId)))
                {
                    return null;
                }

                await change.WaitAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }
}
