using System.Text.Json;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What delivery needs of an envelope, read in one pass without building anything of it.</summary>
internal readonly record struct Envelope(string? Id, string? Expiration, string? TraceParent, string? TraceState)
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonSlice.DepthLimit };

    /// <summary>False: these bytes are no JSON object, so no CloudEvent.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, out Envelope envelope)
    {
        envelope = default;
        try
        {
            var reader = new Utf8JsonReader(data, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var known = Known(reader);
                reader.Read();
                envelope = reader.TokenType == JsonTokenType.String && known != Field.Other ? envelope.With(known, reader.GetString()!) : envelope;
                reader.Skip();
            }

            // What follows the object would be a fault: to its end.
            while (reader.Read())
            {
            }

            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private enum Field
    {
        Other,
        Id,
        Expiration,
        TraceParent,
        TraceState,
    }

    private static Field Known(Utf8JsonReader reader) =>
        reader.ValueTextEquals("id"u8) ? Field.Id
        : reader.ValueTextEquals("expiration"u8) ? Field.Expiration
        : reader.ValueTextEquals("traceparent"u8) ? Field.TraceParent
        : reader.ValueTextEquals("tracestate"u8) ? Field.TraceState
        : Field.Other;

    private Envelope With(Field field, string value) => field switch
    {
        Field.Id => this with { Id = value },
        Field.Expiration => this with { Expiration = value },
        Field.TraceParent => this with { TraceParent = value },
        _ => this with { TraceState = value },
    };
}
