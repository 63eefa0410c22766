using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Store;

namespace EdgeMesh.Services.Functions.Triggers.Http;

/// <summary>Requests below <c>/functions/NAME</c>: the first trigger of the function whose method and path match, if the caller holds its scope.</summary>
internal static class HttpTriggers
{
    private const string Root = "/functions/";

    // A plain delegate: nothing is compiled at start.
    public static void MapHttpTriggers(this WebApplication app) => app.Map(Root + "{function}/{**path}", (RequestDelegate)AnswerAsync);

    private static async Task AnswerAsync(HttpContext context)
    {
        var store = context.RequestServices.GetRequiredService<FunctionsOpener>();
        var answer = store.Store is { } open ? await AnswerAsync(context, open) : HttpFaults.NotOpen(context, store.WaitsFor);
        await answer.ExecuteAsync(context);
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, FunctionsStore store)
    {
        var name = (string)context.Request.RouteValues["function"]!;
        if (store.Catalog.Find(name) is not { } function || store.Choose(function) is not { } bundle)
        {
            return HttpFaults.Unknown(name);
        }

        var path = context.Request.Path.Value![(Root.Length + name.Length)..];
        var matches = bundle.Manifest.Triggers.Select(t => t.Http).OfType<HttpTrigger>()
            .Select(t => (Trigger: t, Values: PathTemplate.Match(t.Path, path))).Where(t => t.Values is not null).ToArray();
        if (matches.Length == 0)
        {
            return HttpFaults.NoSuchPath(bundle.Manifest, path);
        }

        if (matches.FirstOrDefault(m => m.Trigger.Method == context.Request.Method) is not { Trigger: { } trigger, Values: { } values })
        {
            context.Response.Headers.Allow = string.Join(", ", matches.Select(m => m.Trigger.Method));
            return HttpFaults.NoSuchMethod(bundle.Manifest, matches.Select(m => m.Trigger.Method));
        }

        if (Refuse(context.GetCaller(), trigger, name) is { } refusal)
        {
            return refusal;
        }

        var body = await BoundedBody.ReadAsync(context.Request, bundle.Manifest.Limits.InputBytes, context.RequestAborted);
        return body is null ? HttpFaults.TooLarge(bundle.Manifest) : await CallAsync(context, store, Call(context.Request, bundle, trigger, path, values, body.Value));
    }

    private static IResult? Refuse(Caller? caller, HttpTrigger trigger, string name)
    {
        if (trigger.Open)
        {
            return null;
        }

        var scope = trigger.Scope ?? $"functions/{name}";
        return caller is not { Kind: CallerKind.User } ? HttpFaults.NoCaller() : caller.Scopes.Contains(scope) ? null : HttpFaults.NoScope(scope);
    }

    private static async Task<IResult> CallAsync(HttpContext context, FunctionsStore store, FunctionCall call)
    {
        var result = await store.Calls.CallAsync(call, context.RequestAborted);
        return result.Outcome == CallOutcome.Completed ? new CgiResult(CgiAnswer.Read(result.Output)) : HttpFaults.Of(context, call.Manifest, result);
    }

    private static FunctionCall Call(
        HttpRequest request, KnownBundle bundle, HttpTrigger trigger, string path, IReadOnlyList<KeyValuePair<string, string>> values, ReadOnlyMemory<byte> body)
    {
        var (context, key) = (request.HttpContext, request.Headers["Idempotency-Key"].ToString());
        var door = context.RequestServices.GetRequiredService<FunctionsOptions>().PublicUrl;
        return new FunctionCall(bundle, TriggerNames.Http, key.Length is > 0 and <= 128 ? key : Guid.NewGuid().ToString("N"), body)
        {
            Arguments = CgiRequest.Arguments(request),
            Environment = CgiRequest.Environment(request, Root + bundle.Manifest.Name, trigger, path, values, body.Length, door),
            CallerToken = TokenOf(context),
        };
    }

    /// <summary>What the gateway said of a user of this site; a function speaks for nobody else.</summary>
    public static string? TokenOf(HttpContext context) =>
        context.GetCaller() is { Kind: CallerKind.User, ForwardedBy: null } ? context.Request.Headers[CallerTokens.Header].ToString() : null;

    private sealed class CgiResult(CgiAnswer answer) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = answer.Status;
            foreach (var (name, value) in answer.Headers)
            {
                httpContext.Response.Headers.Append(name, value);
            }

            if (answer.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
            {
                httpContext.Response.ContentLength = answer.Body.Length;
                await httpContext.Response.Body.WriteAsync(answer.Body, httpContext.RequestAborted);
            }
        }
    }
}
