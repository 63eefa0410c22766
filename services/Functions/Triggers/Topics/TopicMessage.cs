using System.Diagnostics;

namespace EdgeMesh.Services.Functions.Triggers.Topics;

/// <summary>A message as a sidecar delivers it.</summary>
/// <param name="Id">The CloudEvent's id: stable over redeliveries.</param>
/// <param name="Topic">The topic.</param>
/// <param name="ContentType">Of the data.</param>
/// <param name="Data">The data.</param>
internal sealed record TopicMessage(string Id, string Topic, string ContentType, ReadOnlyMemory<byte> Data)
{
    /// <summary>The publisher's, by the CloudEvent's distributed tracing extension; default: it said nothing.</summary>
    public ActivityContext Trace { get; init; }
}
