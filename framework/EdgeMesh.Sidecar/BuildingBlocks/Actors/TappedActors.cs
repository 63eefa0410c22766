namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Actors of an app's stream, behind a test's tap.</summary>
internal sealed class TappedActors(ComponentTap tap, string appId, IActorTransport actors) : IActorTransport
{
    public async Task<HttpResponseMessage> CallAsync(ActorCall call, CancellationToken cancellation)
    {
        var caller = call.Request.Headers.TryGetValues("dapr-caller-app-id", out var values) ? values.First() : "";
        var data = call.Request.Content is { } content ? await content.ReadAsByteArrayAsync(cancellation) : [];
        var name = $"{call.Actor.Type}/{call.Actor.Id}/{Uri.UnescapeDataString(call.Path.Split('?')[0])}";
        return await tap.RunAsync(
            new ComponentCall(ComponentCallKind.StreamedActorCall, appId, caller, name, data), new HttpResponseMessage(), token => actors.CallAsync(call, token), cancellation);
    }

    public Task DeactivateAsync(ActorAddress actor, CancellationToken cancellation) => actors.DeactivateAsync(actor, cancellation);
}
