using System.Text.Json;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>The body of an app's answer to a message: <c>{"status":"SUCCESS|RETRY|DROP"}</c>. One that is no such object says nothing, which is success.</summary>
internal static class AppAnswer
{
    private const int Limit = 16 * 1024;

    public static async Task<string?> ReadStatusAsync(HttpContent content, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength == 0)
        {
            return null;
        }

        var buffer = new byte[Math.Min(content.Headers.ContentLength + 1 ?? Limit, Limit)];
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return Status(buffer.AsSpan(0, length));
    }

    /// <summary>The name in any case, the value a string.</summary>
    public static string? Status(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { AllowMultipleValues = true });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            string? status = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isStatus = reader.GetString()!.Equals("status", StringComparison.OrdinalIgnoreCase);
                reader.Read();
                if (isStatus && reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                {
                    return null;
                }

                status = isStatus ? reader.GetString() : status;
                reader.Skip();
            }

            return status;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
