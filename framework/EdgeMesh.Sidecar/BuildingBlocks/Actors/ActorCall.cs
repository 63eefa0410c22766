namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>One call of an actor, whatever made it: a client, a timer, a reminder.</summary>
/// <param name="Actor">Whom to call.</param>
/// <param name="Path">Below the actor's own path: <c>method/m</c>, <c>method/timer/t</c>, <c>method/remind/r</c>; escaped, with its query.</param>
/// <param name="Request">Headers and body; the address is set when the call's turn has come.</param>
internal sealed record ActorCall(ActorAddress Actor, string Path, HttpRequestMessage Request)
{
    public const string ReentrancyHeader = "Dapr-Reentrancy-Id";

    /// <summary>What fires; null: a client calls.</summary>
    public Callback? Callback { get; init; }

    /// <summary>The chain of calls that this one belongs to, as its caller said.</summary>
    public string? Chain => Request.Headers.TryGetValues(ReentrancyHeader, out var values) ? values.FirstOrDefault() : null;
}
