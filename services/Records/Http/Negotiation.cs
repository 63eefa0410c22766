using EdgeMesh.Services.Records.Interactions;
using Microsoft.Net.Http.Headers;

namespace EdgeMesh.Services.Records.Http;

/// <summary>JSON is spoken here, and nothing else: 406 and 415 say so.</summary>
internal static class Negotiation
{
    public static FhirAnswer? Check(HttpRequest request)
    {
        if (request.Query["_format"].ToString() is { Length: > 0 } format)
        {
            return IsJson(format.Replace(' ', '+')) ? CheckBody(request) : NotAcceptable(format);
        }

        var accept = request.Headers.Accept;
        return accept.Count == 0 || (MediaTypeHeaderValue.TryParseList(accept, out var types) && types.Any(Serves))
            ? CheckBody(request)
            : NotAcceptable(accept.ToString());
    }

    private static FhirAnswer? CheckBody(HttpRequest request)
    {
        var hasBody = HttpMethods.IsPost(request.Method) || HttpMethods.IsPut(request.Method);
        if (!hasBody || request.ContentType is not { Length: > 0 } type || request.Path.Value!.EndsWith("/_search", StringComparison.Ordinal))
        {
            return null;
        }

        return MediaTypeHeaderValue.TryParse(type, out var parsed) && IsJson(parsed.MediaType.Value ?? "")
            ? null
            : FhirAnswer.Fault(415, "not-supported", "media-type-unsupported", $"'{type}' is not read here. Send application/fhir+json.");
    }

    private static bool Serves(MediaTypeHeaderValue type) =>
        type.Quality is null or > 0 && (type.MatchesAllTypes || type.MediaType == "application/*" || IsJson(type.MediaType.Value ?? ""));

    private static bool IsJson(string type) =>
        type is "json" or "application/fhir+json" or "application/json" or "application/json+fhir" or "text/json"
        || (MediaTypeHeaderValue.TryParse(type, out var parsed) && parsed.MediaType.Value is { } plain && plain != type && IsJson(plain));

    private static FhirAnswer NotAcceptable(string asked) =>
        FhirAnswer.Fault(406, "not-supported", "format-unsupported", $"'{asked}' is not written here. Ask for application/fhir+json.");
}
