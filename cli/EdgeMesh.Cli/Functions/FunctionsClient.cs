using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Functions;

/// <summary>What a site answered to a deployer.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body.</param>
internal sealed record FunctionsAnswer(int Status, byte[] Body)
{
    public bool IsDone => Status is >= 200 and < 300;

    public JsonNode? Json
    {
        get
        {
            try
            {
                return Body.Length == 0 ? null : JsonNode.Parse(Body);
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>What was wrong and what to do, of problem details.</summary>
    public string Problem => Json is JsonObject problem && problem["title"] is { } title ? $"{title} {problem["detail"]}" : $"The site answered {Status}.";
}

/// <summary>Deploying and operating over a site's public door.</summary>
internal sealed class FunctionsClient(HttpClient http) : IDisposable
{
    public Task<FunctionsAnswer> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, null, cancellation);

    public Task<FunctionsAnswer> PutBundleAsync(string function, byte[] file, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, $"deployments/{function}/bundle", file, "application/x-tar", cancellation);

    public Task<FunctionsAnswer> PutDeploymentAsync(string function, string text, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, $"deployments/{function}", Encoding.UTF8.GetBytes(text), "text/plain; charset=utf-8", cancellation);

    public async Task<FunctionsAnswer> SendAsync(HttpMethod method, string path, byte[]? body, string? type, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type!) } };
        }

        using var answer = await http.SendAsync(request, cancellation);
        return new((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(cancellation));
    }

    public void Dispose() => http.Dispose();
}
