using System.Net.Http.Headers;
using System.Text.Json;

namespace EdgeMesh.Sidecar.Tests;

/// <summary>Short forms for what most tests do.</summary>
internal static class HttpAnswers
{
    public static StringContent Json(string text) => new(text, MediaTypeHeaderValue.Parse("application/json"));

    /// <summary>Status, Dapr's code and its message; the code is empty where there is no error body.</summary>
    public static async Task<(int Status, string Code, string Message)> FaultAsync(this Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        var body = await answer.Content.ReadAsStringAsync(TestSidecar.Cancellation);
        if (body.Length == 0 || body[0] != '{')
        {
            return ((int)answer.StatusCode, "", body);
        }

        var json = JsonDocument.Parse(body).RootElement;
        return ((int)answer.StatusCode, json.GetProperty("errorCode").GetString()!, json.GetProperty("message").GetString()!);
    }

    public static async Task<int> StatusAsync(this Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        return (int)answer.StatusCode;
    }

    public static async Task<string> TextAsync(this Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        return await answer.Content.ReadAsStringAsync(TestSidecar.Cancellation);
    }

    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient client, string path, string json) =>
        client.PostAsync(path, Json(json), TestSidecar.Cancellation);
}
