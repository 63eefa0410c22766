using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>The answer to a FHIR request, free of HTTP.</summary>
/// <param name="Status">The HTTP status.</param>
internal sealed record FhirAnswer(int Status)
{
    /// <summary>A resource as JSON; empty: <see cref="Issues"/>, or no body at all.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    public IReadOnlyList<Issue> Issues { get; init; } = [];

    public string? VersionId { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    /// <summary>Below the base, such as <c>Patient/x/_history/y</c>.</summary>
    public string? Location { get; init; }

    /// <summary>Where the audit event stands: <c>changes.POSITION</c> when it was committed with a write, else <c>access.POSITION</c>.</summary>
    public string? Receipt { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public static FhirAnswer Fault(int status, string type, string code, string diagnostics, string? expression = null) =>
        new(status) { Issues = [new Issue(type, code, diagnostics, expression)] };

    public static FhirAnswer Faults(int status, IReadOnlyList<Issue> issues) => new(status) { Issues = issues };

    /// <summary>What an id gets that nobody ever assigned, and one that is hidden from the caller: the same bytes.</summary>
    public static FhirAnswer Unknown(string type, string id) =>
        Fault(404, "not-found", "unknown-id", $"There is no {type}/{id} here.");

    public static FhirAnswer Gone(string type, string id, VersionId version, DateTimeOffset at) =>
        Fault(410, "deleted", "deleted", $"{type}/{id} was deleted.") with { VersionId = version.ToString(), LastModified = at };
}
