using System.Text.Json;

namespace EdgeMesh.Telemetry;

/// <summary>Asks an answer that should be JSON. What is none, such as a proxy's page, or has another shape, says nothing.</summary>
internal static class JsonQuestion
{
    public static T? Ask<T>(ReadOnlyMemory<byte> body, Func<JsonElement, T> question)
    {
        try
        {
            using var answer = JsonDocument.Parse(body);
            return question(answer.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException)
        {
            return default;
        }
    }
}
