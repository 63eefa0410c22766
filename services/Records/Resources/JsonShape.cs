using System.Text.Json;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>Tells a body that is not one whole JSON object before anything is made of it.</summary>
internal static class JsonShape
{
    /// <summary>Null when the bytes are exactly one object.</summary>
    public static Issue? Check(ReadOnlySpan<byte> json, int maxDepth)
    {
        // Read as if more could come: then what is cut off ends without an error, and everything else that is wrong is one.
        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = maxDepth }));
        try
        {
            return Check(ref reader, json);
        }
        catch (JsonException error)
        {
            return new Issue("structure", "json-malformed", $"The body is not JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}): {error.Message}");
        }
    }

    private static Issue? Check(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        if (!reader.Read())
        {
            return json.TrimStart(" \t\r\n"u8).IsEmpty
                ? new Issue("required", "body-missing", "The request has no body. Send the resource as application/fhir+json.")
                : Truncated(json);
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return new Issue("structure", "not-fhir", "The body is JSON but not an object. Send one FHIR R4 resource.");
        }

        while (reader.Read())
        {
        }

        return reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 0 ? null : Truncated(json);
    }

    private static Issue Truncated(ReadOnlySpan<byte> json) =>
        new("structure", "json-truncated", $"The body ends in the middle, after {json.Length} bytes. Nothing was written; send it again, whole.");
}
