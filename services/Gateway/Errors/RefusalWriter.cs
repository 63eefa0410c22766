using System.Diagnostics.Metrics;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Doors;

namespace EdgeMesh.Services.Gateway.Errors;

/// <summary>Writes refusals: problem details, or an OperationOutcome for FHIR clients; counts and logs them. Paths are not logged: they
/// name patients.</summary>
internal sealed partial class RefusalWriter
{
    /// <summary>For programs and people, never part of a page: quotes stay readable.</summary>
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string FhirSystem = "https://edgemesh.dev/problems";
    private const string RetrySeconds = "1";

    private readonly ILogger _logger;
    private readonly Counter<long> _refused;

    public RefusalWriter(IMeterFactory meters, ILogger<RefusalWriter> logger)
    {
        _logger = logger;
        _refused = meters.Create("EdgeMesh.Services.Gateway").CreateCounter<long>("edgemesh.gateway.refused", "{request}", "Requests that the gateway answered by itself.");
    }

    public Task WriteAsync(HttpContext context, Refusal refusal)
    {
        var door = context.Features.Get<DoorFeature>()?.Door ?? Door.App;
        _refused.Add(1, new KeyValuePair<string, object?>("door", door), new KeyValuePair<string, object?>("code", refusal.Code));
        LogRefused(refusal.Status >= StatusCodes.Status500InternalServerError ? LogLevel.Warning : LogLevel.Debug, door, context.Request.Method, refusal.Status, refusal.Code);
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        context.Response.Clear();
        SetHeaders(context.Response, refusal);
        return door == Door.Public && context.Request.Path.StartsWithSegments("/fhir")
            ? WriteOutcomeAsync(context.Response, refusal)
            : Problems.Problem(refusal.Status, refusal.Code, refusal.Title, refusal.Detail).ExecuteAsync(context);
    }

    private static void SetHeaders(HttpResponse response, Refusal refusal)
    {
        response.StatusCode = refusal.Status;
        switch (refusal.Status)
        {
            case StatusCodes.Status401Unauthorized when refusal.Code == "token-missing":
                response.Headers.WWWAuthenticate = "Bearer realm=\"edgemesh\"";
                break;
            case StatusCodes.Status401Unauthorized:
                response.Headers.WWWAuthenticate = $"Bearer realm=\"edgemesh\", error=\"invalid_token\", error_description=\"{refusal.Title}\"";
                break;
            case StatusCodes.Status403Forbidden:
                response.Headers.WWWAuthenticate = "Bearer realm=\"edgemesh\", error=\"insufficient_scope\"";
                break;
            case StatusCodes.Status405MethodNotAllowed:
                response.Headers.Allow = refusal.Allow;
                break;
            case StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable:
                response.Headers.RetryAfter = RetrySeconds;
                break;
        }
    }

    private static async Task WriteOutcomeAsync(HttpResponse response, Refusal refusal)
    {
        response.ContentType = "application/fhir+json; charset=utf-8";
        await using var json = new Utf8JsonWriter(response.BodyWriter, Readable);
        json.WriteStartObject();
        json.WriteString("resourceType", "OperationOutcome");
        json.WriteStartArray("issue");
        json.WriteStartObject();
        json.WriteString("severity", "error");
        json.WriteString("code", IssueType(refusal));
        json.WriteStartObject("details");
        json.WriteStartArray("coding");
        json.WriteStartObject();
        json.WriteString("system", FhirSystem);
        json.WriteString("code", refusal.Code);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteString("text", refusal.Title);
        json.WriteEndObject();
        json.WriteString("diagnostics", refusal.Detail);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>FHIR's own, coarser codes (http://hl7.org/fhir/issue-type).</summary>
    private static string IssueType(Refusal refusal) => refusal.Status switch
    {
        StatusCodes.Status400BadRequest => "invalid",
        StatusCodes.Status401Unauthorized => refusal.Code == "token-expired" ? "expired" : "login",
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status404NotFound => "not-found",
        StatusCodes.Status405MethodNotAllowed => "not-supported",
        StatusCodes.Status408RequestTimeout or StatusCodes.Status504GatewayTimeout => "timeout",
        StatusCodes.Status413PayloadTooLarge => "too-long",
        StatusCodes.Status429TooManyRequests => "throttled",
        StatusCodes.Status500InternalServerError => "exception",
        _ => "transient",
    };

    [LoggerMessage("{Door} door: refused {Method} with {Status} {Code}")]
    private partial void LogRefused(LogLevel level, Door door, string method, int status, string code);
}
