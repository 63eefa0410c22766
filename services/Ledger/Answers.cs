using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger;

/// <summary>What the service answers in place of what was asked for.</summary>
internal static class Answers
{
    private const string RetrySeconds = "1";

    public static IResult Answer(HttpContext context, AppendResult result, Func<AppendResult, IResult> logged) => result.Outcome switch
    {
        AppendOutcome.Appended or AppendOutcome.Known => logged(result),
        AppendOutcome.SequenceForgotten => Problems.Problem(StatusCodes.Status409Conflict, "sequence-forgotten",
            "Where these entries are is no longer known.", $"They were logged before ({result.Reason}). Go on with a sequence that was not used yet."),
        AppendOutcome.TooManyProducers => Problems.Problem(StatusCodes.Status409Conflict, "too-many-producers",
            "The ledger takes no further producer.", $"{result.Reason}. Use one of the producers there are."),
        AppendOutcome.Refused => Problems.Problem(StatusCodes.Status400BadRequest, "entries-refused", "The entries can't be logged.", $"{result.Reason}."),
        AppendOutcome.Busy => Later(context, StatusCodes.Status429TooManyRequests, "ledger-busy", "More entries wait than the ledger holds."),
        _ => Unavailable(context, result.Reason),
    };

    public static IResult Unavailable(HttpContext context, string? reason) =>
        Later(context, StatusCodes.Status503ServiceUnavailable, "ledger-unavailable", $"The ledger can't write now: {reason}.");

    public static IResult Loading(HttpContext context, string? reason)
    {
        context.Response.Headers.RetryAfter = RetrySeconds;
        return Problems.Problem(StatusCodes.Status503ServiceUnavailable, "ledger-loading", $"The ledger is not loaded: {reason}.", "Ask again later.");
    }

    public static IResult TooLarge(int limit) => Problems.Problem(StatusCodes.Status413PayloadTooLarge, "entries-too-large",
        $"The body has more than {limit} bytes.", "Send smaller entries, or fewer at a time.");

    public static IResult NotAService() => Problems.Problem(StatusCodes.Status403Forbidden, "not-a-service",
        "Only services of this site write to its ledger.", "Call from a service of the site, by Dapr invocation.");

    public static IResult BadOrigin() => Problems.Problem(StatusCodes.Status400BadRequest, "sequence-malformed",
        "EdgeMesh-Producer and EdgeMesh-Sequence are not a name and a number.", "Send both, or neither: then each request is a new entry.");

    private static IResult Later(HttpContext context, int status, string code, string title)
    {
        context.Response.Headers.RetryAfter = RetrySeconds;
        return Problems.Problem(status, code, title, "Send the same again later, under the same sequence: what was logged already is not logged twice.");
    }
}
