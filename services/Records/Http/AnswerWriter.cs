using System.Globalization;
using EdgeMesh.Services.Records.Interactions;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Http;

/// <summary>Writes a FHIR answer as HTTP.</summary>
internal static class AnswerWriter
{
    public const string ReceiptHeader = "X-EdgeMesh-Receipt";

    /// <summary>Between sites: the consent, version and rule that let a resource go.</summary>
    public const string RuleHeader = "X-EdgeMesh-Rule";

    private const string FhirJson = "application/fhir+json; charset=utf-8";

    public static async Task WriteAsync(HttpContext context, FhirAnswer answer, string baseUrl)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        WriteHeaders(response.Headers, answer, baseUrl);
        var body = !answer.Body.IsEmpty ? answer.Body : answer.Issues.Count > 0 ? OutcomeJson.Bytes(answer.Issues) : default;
        if (body.IsEmpty || answer.Status is 204 or 304)
        {
            return;
        }

        response.ContentType = FhirJson;
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private static void WriteHeaders(IHeaderDictionary headers, FhirAnswer answer, string baseUrl)
    {
        headers.CacheControl = "no-store";
        if (answer.VersionId is { } version)
        {
            headers.ETag = $"W/\"{version}\"";
        }

        if (answer.LastModified is { } modified)
        {
            headers.LastModified = modified.ToString("R", CultureInfo.InvariantCulture);
        }

        if (answer.Location is { } location)
        {
            headers.Location = $"{baseUrl}/{location}";
        }

        if (answer.Receipt is { } receipt)
        {
            headers[ReceiptHeader] = receipt;
        }

        if (answer.RetryAfterSeconds is { } seconds)
        {
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
    }
}
