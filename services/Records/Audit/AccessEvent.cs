using System.Collections.Immutable;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>How a request ended, as the audit tells it.</summary>
internal enum AccessOutcome
{
    /// <summary>Answered.</summary>
    Success,

    /// <summary>Refused by consent, label, scope or role; the caller saw what an unknown id would show.</summary>
    Denied,

    /// <summary>There was nothing to refuse.</summary>
    NotFound,

    /// <summary>Failed or refused for another reason, such as a stale version.</summary>
    Failed,
}

/// <summary>One resource that a request named, returned or wrote.</summary>
/// <param name="Reference">Such as <c>Observation/clinic-a-x1</c>.</param>
/// <param name="Version">Its version id, when known.</param>
/// <param name="Patients">The patients it is about; empty for the site's own.</param>
/// <param name="Rule">The consent, version and rule, or the local rule, that decided on it.</param>
/// <param name="IsDenied">Whether it was hidden from the caller.</param>
internal readonly record struct AuditedResource(string Reference, string? Version, ImmutableArray<string> Patients, string Rule, bool IsDenied);

/// <summary>Who did what to which records, journaled before bytes leave. Becomes one FHIR AuditEvent (IHE BALP) for each patient.</summary>
internal sealed record AccessEvent
{
    public required DateTimeOffset Recorded { get; init; }

    /// <summary>The FHIR RESTful interaction, such as <c>read</c> or <c>search-type</c>.</summary>
    public required string Interaction { get; init; }

    public required AccessOutcome Outcome { get; init; }

    /// <summary>What the answer itself said: where something was hidden, what an unknown id would have got. The caller's receipt says so.</summary>
    public required AccessOutcome Answered { get; init; }

    public required Caller Caller { get; init; }

    /// <summary>What was returned or written, and what was hidden.</summary>
    public ImmutableArray<AuditedResource> Resources { get; init; } = [];

    /// <summary>How many more were hidden than are named.</summary>
    public int DeniedBesides { get; init; }

    /// <summary>The rules that refused the request as a whole.</summary>
    public ImmutableArray<string> Refusals { get; init; } = [];

    /// <summary>The query of a search; it may be personal, and is sealed with the rest.</summary>
    public string? Query { get; init; }

    public string? RequestId { get; init; }
}
