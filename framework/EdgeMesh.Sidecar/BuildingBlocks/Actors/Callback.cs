using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Sidecar.Http;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>What an app gets from a timer or a reminder.</summary>
internal static class Callback
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public static string TimerPath(string name) => "method/timer/" + Uri.EscapeDataString(name);

    public static string ReminderPath(string name) => "method/remind/" + Uri.EscapeDataString(name);

    public static HttpRequestMessage Request(byte[] body)
    {
        var request = new HttpRequestMessage { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = Json;
        return request;
    }

    /// <param name="data">The client's JSON, or null.</param>
    /// <param name="callback">Null: a reminder, which has none.</param>
    /// <param name="dueTime">As the client said it; a reminder tells neither this nor its period.</param>
    /// <param name="period">As the client said it.</param>
    public static byte[] Body(byte[]? data, string? callback = null, string dueTime = "", string period = "")
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body, Answers.Readable))
        {
            json.WriteStartObject();
            if (data is not null)
            {
                json.WritePropertyName("data");
                json.WriteRawValue(data, skipInputValidation: true);
            }

            if (callback is not null)
            {
                json.WriteString("callback", callback);
            }

            json.WriteString("dueTime", dueTime);
            json.WriteString("period", period);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }
}
