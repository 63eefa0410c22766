using System.Net;
using System.Text.Json;
using EdgeMesh.Services.Gateway.Errors;

namespace EdgeMesh.Services.Gateway.Forwarding;

/// <summary>A sidecar says 500 when a service is away; a client must see that as 503, and nothing of the sidecar's words.</summary>
internal static class SidecarFaults
{
    private const int LongestFault = 8 * 1024;

    private static readonly Refusal TooLarge = new(StatusCodes.Status413PayloadTooLarge, "body-too-large",
        "The request's body is too large for the sidecar.", "Send less, or in parts; or raise the sidecar's own limit.");

    /// <summary>Null: the answer is the service's own. A service's errors are problem details or OperationOutcomes, never Dapr's.</summary>
    public static async ValueTask<Refusal?> ReadAsync(HttpResponseMessage answer, string service, CancellationToken cancellation)
    {
        var content = answer.Content;
        if (answer.StatusCode < HttpStatusCode.BadRequest || content.Headers.ContentType?.MediaType != "application/json"
            || content.Headers.ContentLength is > LongestFault)
        {
            return null;
        }

        await content.LoadIntoBufferAsync(LongestFault, cancellation);
        return Message(await content.ReadAsByteArrayAsync(cancellation)) switch
        {
            null => null,
            // daprd says 500 to this too, and only its words tell the difference; the embedded sidecar says 413.
            var message when answer.StatusCode == HttpStatusCode.RequestEntityTooLarge || message.Contains("too large", StringComparison.OrdinalIgnoreCase) => TooLarge,
            _ => Refusal.ServiceAway(service),
        };
    }

    /// <summary>Null: these are not a sidecar's words.</summary>
    private static string? Message(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("errorCode", out _)
                ? json.RootElement.TryGetProperty("message", out var message) ? message.ToString() : ""
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
