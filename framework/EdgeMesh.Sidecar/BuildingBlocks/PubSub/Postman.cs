using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Hands a message to its app and brings back what the app says. An app is reached by HTTP; a streaming subscription brings its own.</summary>
internal delegate Task<Verdict> Postman(Parcel parcel, CancellationToken cancellation);

/// <param name="Message">As the broker gave it.</param>
/// <param name="Envelope">What is known of the event.</param>
/// <param name="Body">The CloudEvent, as .NET can read it: where nothing had to be mended, the message's own bytes.</param>
/// <param name="Path">The route that was chosen.</param>
internal sealed record Parcel(BrokerMessage Message, Envelope Envelope, ReadOnlyMemory<byte> Body, string Path);

/// <summary>What an app makes of a message.</summary>
internal enum Verdict
{
    Success,
    Retry,
    Drop,
}
