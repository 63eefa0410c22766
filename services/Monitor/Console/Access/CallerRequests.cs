using System.Text;
using System.Text.Json;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Monitor.Console.Access;

/// <summary>What a service answered.</summary>
/// <param name="Status">The HTTP status; 0: it does not answer.</param>
/// <param name="Body">The body.</param>
/// <param name="Problem">What was wrong and what to do; null: nothing was.</param>
internal sealed record ServiceAnswer(int Status, byte[] Body, string? Problem)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The body as JSON; default when it is none.</summary>
    public JsonElement Json
    {
        get
        {
            try
            {
                using var document = JsonDocument.Parse(Body);
                return document.RootElement.Clone();
            }
            catch (JsonException)
            {
                return default;
            }
        }
    }
}

/// <summary>Asks services of this site with the rights of who looks, and never with its own: the caller that the gateway signed for this very
/// request goes along, and the service decides. So a page that asks is drawn by a request, not by the live connection, which has no caller of now.</summary>
internal sealed class CallerRequests(AppClients apps)
{
    private const int Longest = 2 * 1024 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public async Task<ServiceAnswer> GetAsync(HttpContext context, string app, string path)
    {
        try
        {
            using var client = apps.Get(app, Limit);
            client.MaxResponseContentBufferSize = Longest;
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (context.Request.Headers[CallerTokens.Header].ToString() is { Length: > 0 } caller)
            {
                request.Headers.Add(CallerTokens.Header, caller);
            }

            using var answer = await client.SendAsync(request, context.RequestAborted);
            var body = await answer.Content.ReadAsByteArrayAsync(context.RequestAborted);
            return new ServiceAnswer((int)answer.StatusCode, body, answer.IsSuccessStatusCode ? null : Problem(app, (int)answer.StatusCode, body));
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            return new ServiceAnswer(0, [], Away(app));
        }
    }

    /// <summary>Of problem details, an OperationOutcome, or what a sidecar says of an app that it can't reach.</summary>
    internal static string Problem(string app, int status, byte[] body)
    {
        var json = new ServiceAnswer(status, body, null).Json;
        if (json.ValueKind != JsonValueKind.Object)
        {
            return $"The service {app} answered with {status}.";
        }

        if (json.TryGetProperty("errorCode", out _))
        {
            return status >= StatusCodes.Status500InternalServerError ? Away(app)
                : json.TryGetProperty("message", out var message) ? $"The service {app} was not asked: {message}" : $"The service {app} was not asked: {status}.";
        }

        if (json.TryGetProperty("issue", out var issues) && issues.ValueKind == JsonValueKind.Array && issues.GetArrayLength() > 0 && issues[0].TryGetProperty("diagnostics", out var diagnostics))
        {
            return diagnostics.ToString();
        }

        var title = json.TryGetProperty("title", out var t) ? t.ToString() : $"The service {app} answered with {status}.";
        return json.TryGetProperty("detail", out var detail) ? $"{title} {detail}" : title;
    }

    private static string Away(string app) => $"The service {app} does not answer. The page Services says what runs here, and what it waits for.";
}
