using EdgeMesh.Functions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Triggers.Http;

/// <summary>What a caller learns when a function did not answer.</summary>
internal static class HttpFaults
{
    public static IResult NotOpen(HttpContext context, string? waitsFor) => Later(context, StatusCodes.Status503ServiceUnavailable, "not-ready", "The functions are being opened.", $"Waiting for {waitsFor}. Ask again in a second.");

    public static IResult Unknown(string name) => Problems.Problem(StatusCodes.Status404NotFound, "function-unknown", $"There is no function '{name}' at this site.",
        "It was not deployed, was removed, or is meant for other sites: `edgemesh function list` shows what runs where.");

    public static IResult NoSuchPath(FunctionManifest manifest, string path) => Problems.Problem(StatusCodes.Status404NotFound, "route-unknown", $"Function '{manifest.Name}' has nothing at '{path}'.",
        $"Its HTTP triggers: {string.Join(", ", manifest.Triggers.Select(t => t.Http).OfType<HttpTrigger>().Select(t => $"{t.Method} {t.Path}"))}.");

    public static IResult NoSuchMethod(FunctionManifest manifest, IEnumerable<string> allowed) =>
        Problems.Problem(StatusCodes.Status405MethodNotAllowed, "method-not-allowed", $"Function '{manifest.Name}' does not take this method here.", $"Allowed: {string.Join(", ", allowed)}.");

    public static IResult NoCaller() => Problems.Problem(StatusCodes.Status401Unauthorized, "token-missing", "This function is for callers with a token.", "Come through the site's gateway with a bearer token.");

    public static IResult NoScope(string scope) => Problems.Problem(StatusCodes.Status403Forbidden, "scope-missing", "The token's scopes do not cover this function.", $"It needs the scope {scope}.");

    public static IResult TooLarge(FunctionManifest manifest) => Problems.Problem(StatusCodes.Status413PayloadTooLarge, "body-too-large", "The body is larger than the function takes.",
        $"At most {manifest.Limits.InputBytes} bytes (limits.input of {manifest.Name}). Send less.");

    /// <summary>Whether the change was written is not known: asking for it again changes nothing more.</summary>
    public static IResult RolloutAway(HttpContext context, string name, string reason) =>
        Later(context, StatusCodes.Status503ServiceUnavailable, "rollout-unavailable", $"The rollout of '{name}' did not answer.", $"{reason} Ask again in a second; /readyz says what this site waits for.");

    /// <summary>A call that did not complete: by the function's fault 502, by its time 504, by too many calls 429.</summary>
    public static IResult Of(HttpContext context, FunctionManifest manifest, CallResult result) => result.Outcome switch
    {
        CallOutcome.Busy => Later(context, StatusCodes.Status429TooManyRequests, "function-busy", "Too many calls of this function wait.", "Try again after the time in Retry-After."),
        CallOutcome.Canceled => Later(context, StatusCodes.Status503ServiceUnavailable, "function-stopped", "The function was removed, or the site stops.", "Try again after the time in Retry-After."),
        CallOutcome.NotLoaded or CallOutcome.Unavailable =>
            Later(context, StatusCodes.Status503ServiceUnavailable, "function-not-loaded", "The function can't be loaded at this site.", result.Detail!),
        CallOutcome.InputTooLarge => TooLarge(manifest),
        CallOutcome.OutOfTime or CallOutcome.OutOfFuel => Failed(StatusCodes.Status504GatewayTimeout, "function-timeout", manifest, result),
        _ => Failed(StatusCodes.Status502BadGateway, "function-failed", manifest, result),
    };

    private static IResult Failed(int status, string code, FunctionManifest manifest, CallResult result) =>
        Problems.Problem(status, code, $"Function '{manifest.Name}' did not answer: {result.Outcome}.", $"{result.Detail}. `edgemesh function logs {manifest.Name}` shows what it wrote.");

    private static IResult Later(HttpContext context, int status, string code, string title, string detail)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problems.Problem(status, code, title, detail);
    }
}
