using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Sidecar.Http;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>What an app gets from a timer or a reminder.</summary>
/// <param name="IsTimer">Or a reminder.</param>
/// <param name="Name">Its name.</param>
/// <param name="Data">The client's JSON, or null.</param>
internal sealed record Callback(bool IsTimer, string Name, byte[]? Data)
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>A timer's name for what it calls.</summary>
    public string Method { get; init; } = "";

    /// <summary>As a timer's client said it; a reminder tells neither this nor its period.</summary>
    public string DueTime { get; init; } = "";

    /// <inheritdoc cref="DueTime"/>
    public string Period { get; init; } = "";

    /// <param name="actor">Whom to call.</param>
    /// <param name="request">Of <see cref="Request"/>.</param>
    public ActorCall Call(ActorAddress actor, HttpRequestMessage request) =>
        new(actor, (IsTimer ? "method/timer/" : "method/remind/") + Uri.EscapeDataString(Name), request) { Callback = this };

    public HttpRequestMessage Request()
    {
        var request = new HttpRequestMessage { Content = new ByteArrayContent(Body()) };
        request.Content.Headers.ContentType = Json;
        return request;
    }

    /// <summary>What an app makes of it. By HTTP it can't say that this was the last time.</summary>
    public static HttpResponseMessage Answer(bool isLast) => new(isLast ? HttpStatusCode.Gone : HttpStatusCode.OK);

    public static bool WasLast(HttpResponseMessage answer) => answer.StatusCode == HttpStatusCode.Gone;

    private byte[] Body()
    {
        var body = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(body, Answers.Readable))
        {
            json.WriteStartObject();
            if (Data is not null)
            {
                json.WritePropertyName("data");
                json.WriteRawValue(Data, skipInputValidation: true);
            }

            if (IsTimer)
            {
                json.WriteString("callback", Method);
            }

            json.WriteString("dueTime", DueTime);
            json.WriteString("period", Period);
            json.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }
}
