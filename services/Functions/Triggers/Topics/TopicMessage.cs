using System.Diagnostics;

namespace EdgeMesh.Services.Functions.Triggers.Topics;

/// <summary>A message as a sidecar delivers it.</summary>
/// <param name="Source">The CloudEvent's source.</param>
/// <param name="Id">The CloudEvent's id: stable over redeliveries, and one message's alone among those of its source.</param>
/// <param name="Topic">The topic.</param>
/// <param name="ContentType">Of the data.</param>
/// <param name="Data">The data.</param>
internal sealed record TopicMessage(string Source, string Id, string Topic, string ContentType, ReadOnlyMemory<byte> Data)
{
    /// <summary>The publisher's, by the CloudEvent's distributed tracing extension; default: it said nothing.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary>No other message's: without their slashes no topic and source can be taken for another two.</summary>
    public string IdempotencyKey => $"{Uri.EscapeDataString(Topic)}/{Uri.EscapeDataString(Source)}/{Id}";
}
