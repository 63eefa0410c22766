namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>How an app that hosts actors is reached: by HTTP, or by a stream that it opened.</summary>
internal interface IActorTransport
{
    /// <returns>The app's answer, whole; always a success.</returns>
    /// <exception cref="DaprFault">The app refused.</exception>
    /// <exception cref="HttpRequestException">The app can't be reached.</exception>
    /// <exception cref="IOException">The app went away.</exception>
    Task<HttpResponseMessage> CallAsync(ActorCall call, CancellationToken cancellation);

    /// <summary>Tells the app that an actor is active no more; throws as a call does.</summary>
    Task DeactivateAsync(ActorAddress actor, CancellationToken cancellation);
}
