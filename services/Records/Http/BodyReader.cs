using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Interactions;
using EdgeMesh.Services.Records.Search;

namespace EdgeMesh.Services.Records.Http;

/// <summary>Reads whole bodies, up to a limit.</summary>
internal static class BodyReader
{
    /// <exception cref="BadHttpRequestException">Too large, or cut off.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, int limit) =>
        await BoundedBody.ReadAsync(context.Request, limit, context.RequestAborted)
        ?? throw new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);

    public static async Task<IReadOnlyList<KeyValuePair<string, string>>> ReadFormAsync(HttpContext context, int limit) =>
        QueryText.Read(Encoding.UTF8.GetString((await ReadAsync(context, limit)).Span));

    public static FhirAnswer Fault(BadHttpRequestException error, int limit) => error.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? FhirAnswer.Fault(413, "too-long", "body-too-large", $"The body is larger than {limit} bytes. Nothing was written; split it into several bundles.")
        : FhirAnswer.Fault(error.StatusCode, "incomplete", "body-incomplete", "The body did not arrive whole. Nothing was written; send it again.");
}
