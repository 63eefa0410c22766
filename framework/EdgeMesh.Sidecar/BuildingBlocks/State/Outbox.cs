using System.Text;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.State;

/// <param name="Parent">The caller's traceparent.</param>
/// <param name="State">The caller's tracestate.</param>
internal readonly record struct TraceContext(string? Parent, string? State);

/// <summary>Publishes what a transaction writes, if and only if it comes about, as daprd does: each upsert's event goes first to an internal
/// topic, and a marker with the event's id into the transaction. <see cref="OutboxRelay"/> passes an event on once it finds its marker.
/// A crash before the transaction leaves an event without a marker, which goes nowhere; a crash after it leaves both, and the event goes
/// out at the next start; a crash of the relay may publish twice.</summary>
internal static class Outbox
{
    private const string Projection = "outbox.projection";
    private const string ContentType = "contentType";

    /// <summary>Set by daprd from the event itself, whatever the request's metadata says.</summary>
    private static readonly string[] OwnFields = ["data", "id"];

    /// <returns>What the transaction is to write: without projections, and with the markers of its events.</returns>
    public static async Task<List<StateWrite>> PublishAsync(AppRuntime app, OutboxOptions options, IReadOnlyList<StateWrite> writes, TraceContext trace, CancellationToken cancellation)
    {
        var projections = writes.Where(IsProjection).GroupBy(w => w.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        var kept = writes.Where(w => !IsProjection(w)).ToList();
        var upserts = kept.Where(w => w.Value is not null).ToArray();
        if (upserts.Length == 0)
        {
            return kept;
        }

        var broker = PubSubBlock.Broker(app, options.InternalPubSub, out _);
        await OutboxRelay.Of(app).RequireAsync(options, cancellation);
        var topic = options.InternalTopic(app.Process.Namespace, app.AppId);
        foreach (var write in upserts)
        {
            var id = $"outbox-{Guid.NewGuid()}";
            var envelope = Envelope(app, options, write, projections.GetValueOrDefault(write.Key) ?? write, id, trace);
            await broker.PublishAsync(new BrokerMessage(topic, envelope, BrokerMessage.NoMetadata), cancellation);
            kept.Add(new StateWrite(id, "\"0\""u8.ToArray()) { Json = true, IsMarker = true });
        }

        return kept;
    }

    private static bool IsProjection(StateWrite write) =>
        write.Value is not null && write.Metadata is { } metadata && metadata.TryGetValue(Projection, out var value) && value is "true" or "True" or "TRUE" or "1" or "y" or "yes" or "t" or "on";

    private static byte[] Envelope(AppRuntime app, OutboxOptions options, StateWrite write, StateWrite content, string id, TraceContext trace)
    {
        var contentType = content.Metadata?.GetValueOrDefault(ContentType) ?? "";
        var extensions = (write.Metadata ?? BrokerMessage.NoMetadata).Where(m => !OwnFields.Contains(m.Key, StringComparer.Ordinal)).ToDictionary(StringComparer.Ordinal);
        var overrides = new Dictionary<string, string>(StringComparer.Ordinal) { ["cloudevent.id"] = id };
        foreach (var field in new[] { "type", "source", "subject", "traceparent", "traceid", "tracestate" })
        {
            if (extensions.Remove(field, out var value))
            {
                overrides["cloudevent." + field] = value;
            }
        }

        if (extensions.Remove("datacontenttype", out var dataContentType))
        {
            contentType = dataContentType;
        }

        var publication = new Publication(options.PubSub, options.Topic, Data(content, contentType), contentType, overrides) { TraceParent = trace.Parent, TraceState = trace.State, Extensions = extensions };
        return CloudEvent.Wrap(publication, app.AppId, app.Process.Clock.GetUtcNow()) ?? throw PubSubFaults.NoCloudEvent(options.PubSub, app.AppId);
    }

    /// <summary>The value's own bytes. A JSON text that is not published as JSON loses its quotes.</summary>
    private static ReadOnlyMemory<byte> Data(StateWrite write, string contentType)
    {
        var value = write.Value!.Value;
        if (!write.Json || MediaType.IsJson(contentType) || value.Length == 0 || value.Span[0] != '"')
        {
            return value;
        }

        return Encoding.UTF8.GetBytes(JsonSerializer.Deserialize(value.Span, PlainJson.Default.String) ?? "");
    }
}
