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
internal readonly record struct AuditedResource(string Reference, string? Version);

/// <summary>Who did what to which records: becomes one FHIR AuditEvent (IHE BALP), journaled before bytes leave.</summary>
internal sealed record AccessEvent
{
    public required DateTimeOffset Recorded { get; init; }

    /// <summary>The FHIR RESTful interaction, such as <c>read</c> or <c>search-type</c>.</summary>
    public required string Interaction { get; init; }

    public required AccessOutcome Outcome { get; init; }

    public required Caller Caller { get; init; }

    /// <summary>The patient's id, when all resources belong to one.</summary>
    public string? Patient { get; init; }

    public ImmutableArray<AuditedResource> Resources { get; init; } = [];

    /// <summary>The consent, version and rule, or the local rule, that decided.</summary>
    public string? Rule { get; init; }

    /// <summary>The query of a search; it may be personal, and is sealed with the rest.</summary>
    public string? Query { get; init; }

    public string? RequestId { get; init; }
}
