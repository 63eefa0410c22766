using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Interactions;
using EdgeMesh.Services.Records.Store;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Http;

/// <summary>FHIR over HTTP. One endpoint, since FHIR's own routes say what is meant, and every fault is an OperationOutcome.</summary>
internal sealed partial class FhirEndpoints(RecordsOpener opener, Capabilities capabilities, PublicAddress address, IOptions<RecordsOptions> options, ILogger<FhirEndpoints> logger)
{
    private const string Root = "/fhir";

    /// <summary>Where the gateway brings what users of other sites ask.</summary>
    private const string MeshRoot = "/mesh/records/fhir";

    public static void Map(WebApplication app)
    {
        var endpoints = ActivatorUtilities.CreateInstance<FhirEndpoints>(app.Services);
        app.Map(Root + "/{**path}", (RequestDelegate)endpoints.AnswerAsync);
        app.Map(MeshRoot + "/{**path}", (RequestDelegate)endpoints.AnswerAsync);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        FhirAnswer answer;
        try
        {
            answer = await ReadAndAnswerAsync(context);
        }
        catch (JournalUnavailableException error)
        {
            LogUnavailable(logger, error.Message);
            answer = FhirAnswer.Fault(503, "transient", "store-unavailable", "The store behind the records does not answer, so it is not known whether a write stands. Ask again in a moment.") with { RetryAfterSeconds = 1 };
        }
        catch (BadHttpRequestException error)
        {
            answer = BodyReader.Fault(error, options.Value.BodyLimit);
        }

        await AnswerWriter.WriteAsync(context, answer, address.Base(context));
    }

    private async Task<FhirAnswer> ReadAndAnswerAsync(HttpContext context)
    {
        if (Negotiation.Check(context.Request) is { } unacceptable)
        {
            return unacceptable;
        }

        var whole = context.Request.Path.Value!;
        var path = whole[(whole.StartsWith(MeshRoot, StringComparison.Ordinal) ? MeshRoot : Root).Length..].TrimStart('/');
        if ((HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) && path.TrimEnd('/') == "metadata")
        {
            return capabilities.Answer(address.Base(context));
        }

        if (context.GetCaller() is not { } caller)
        {
            return FhirAnswer.Fault(401, "login", "caller-missing", "Who asks is not known. Come through the site's gateway with a token.");
        }

        var (request, fault) = FhirRoute.Read(context.Request.Method, path, Headers(context, caller));
        if (request is null)
        {
            return fault!;
        }

        if (opener.Store is not { } store)
        {
            return FhirAnswer.Fault(503, "transient", "not-ready", $"The records are being opened; waiting for {opener.WaitsFor()}.") with { RetryAfterSeconds = 1 };
        }

        (request, fault) = await WithBodyAsync(context, request);
        if (fault is not null)
        {
            return fault;
        }

        var answer = await store.Fhir.AnswerAsync(request, context.RequestAborted);
        if (caller.ForwardedBy is not null && answer.Status == StatusCodes.Status200OK && request.Trail.Rule is { } rule)
        {
            // The site that asked keeps a receipt of its own, and names the rule by which this site let the resource go.
            context.Response.Headers[AnswerWriter.RuleHeader] = rule;
        }

        return Preferences.Apply(request, answer);
    }

    /// <summary>Takes the body as what the interaction reads it as: a resource, a form, or an operation's parameters.</summary>
    private async Task<(FhirRequest Request, FhirAnswer? Fault)> WithBodyAsync(HttpContext context, FhirRequest request)
    {
        if (request.Interaction is Interaction.Create or Interaction.Update or Interaction.Transaction)
        {
            return (request with { Body = await BodyReader.ReadAsync(context, options.Value.BodyLimit) }, null);
        }

        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return (request, null);
        }

        if (request.Interaction == Interaction.Search)
        {
            return (request with { Query = [.. request.Query, .. await BodyReader.ReadFormAsync(context, options.Value.BodyLimit)] }, null);
        }

        return OperationParameters.TryRead(await BodyReader.ReadAsync(context, options.Value.BodyLimit), out var parameters)
            ? (request with { Query = [.. request.Query, .. parameters] }, null)
            : (request, FhirAnswer.Fault(400, "structure", "parameters-expected", "The body of an operation is a Parameters resource, or empty."));
    }

    private FhirRequest Headers(HttpContext context, Caller caller)
    {
        var headers = context.Request.Headers;
        return new FhirRequest
        {
            Interaction = Interaction.Read,
            Caller = caller,
            Base = address.Base(context),
            Query = [.. context.Request.Query.SelectMany(p => p.Value.Select(v => new KeyValuePair<string, string>(p.Key, v ?? "")))],
            IfMatch = Header(headers.IfMatch),
            IfNoneMatch = Header(headers.IfNoneMatch),
            IfNoneExist = Header(headers["If-None-Exist"]),
            IdempotencyKey = Header(headers["Idempotency-Key"]),
            Return = Preferences.ReadReturn(headers["Prefer"]),
            Lenient = Preferences.IsLenient(headers["Prefer"]),
            RequestId = Header(headers["X-Request-Id"]),
            CallerToken = Header(headers[CallerTokens.Header]),
        };
    }

    private static string? Header(Microsoft.Extensions.Primitives.StringValues values) => values.Count == 0 ? null : values.ToString();

    [LoggerMessage(LogLevel.Error, "A request could not be answered: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string reason);
}
