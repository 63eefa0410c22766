using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Consents;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Makes a request's one audit event.</summary>
internal static class AccessEvents
{
    /// <summary>The event that rides in the commit of a write, so that one is never durable without the other. The versions are the
    /// commit's own and follow from its position.</summary>
    public static AccessEvent OfWrite(FhirRequest request, AccessTrail trail, DateTimeOffset now) => Make(request, trail, AccessOutcome.Success, AccessOutcome.Success, now);

    /// <summary>The event of everything else, journaled before the first byte of the answer leaves.</summary>
    public static AccessEvent OfAnswer(FhirRequest request, FhirAnswer answer, DateTimeOffset now) =>
        Make(request, request.Trail, request.Trail is { Resources.Count: 0, DeniedCount: > 0 } ? AccessOutcome.Denied : AnsweredBy(answer), AnsweredBy(answer), now);

    private static AccessEvent Make(FhirRequest request, AccessTrail trail, AccessOutcome outcome, AccessOutcome answered, DateTimeOffset now) => new()
    {
        Recorded = now,
        Interaction = request.Interaction.Code(),
        Outcome = outcome,
        Answered = answered,
        Caller = request.Caller,
        Resources = [.. trail.Resources, .. trail.Denied],
        DeniedBesides = trail.DeniedCount - trail.Denied.Count,
        Refusals = [.. trail.Refusals],
        Query = QueryOf(request),
        RequestId = request.RequestId,
    };

    private static AccessOutcome AnsweredBy(FhirAnswer answer) => answer.Status switch
    {
        401 or 403 => AccessOutcome.Denied,
        404 or 410 => AccessOutcome.NotFound,
        >= 400 => AccessOutcome.Failed,
        _ => AccessOutcome.Success,
    };

    private static string? QueryOf(FhirRequest request) => request.Interaction == Interaction.Search
        ? $"{request.Type}?{string.Join('&', request.Query.Select(p => $"{p.Key}={p.Value}"))}"
        : null;
}
