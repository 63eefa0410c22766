using System.Text.Json;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>Tells a body that is not one whole JSON object before anything is made of it.</summary>
internal static class JsonShape
{
    /// <summary>Null when the bytes are exactly one object.</summary>
    public static Issue? Check(ReadOnlySpan<byte> json, int maxDepth)
    {
        if (json.IsEmpty)
        {
            return new Issue("required", "body-missing", "The request has no body. Send the resource as application/fhir+json.");
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = maxDepth });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return new Issue("structure", "not-fhir", "The body is JSON but not an object. Send one FHIR R4 resource.");
            }

            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException error)
        {
            var where = $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}";
            var cut = reader.BytesConsumed >= json.Length - 1 || error.Message.Contains("end of the JSON", StringComparison.Ordinal);
            return cut
                ? new Issue("structure", "json-truncated", $"The body ends in the middle ({where}). Nothing was written; send it again, whole.")
                : new Issue("structure", "json-malformed", $"The body is not JSON ({where}): {error.Message}");
        }
    }
}
