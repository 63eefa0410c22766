namespace EdgeMesh.Services.Records.Resources;

/// <summary>One thing that was wrong, or one that went well, for an OperationOutcome.</summary>
/// <param name="Type">A code of FHIR's value set issue-type.</param>
/// <param name="Code">Stable, lower-case with hyphens, for programs.</param>
/// <param name="Diagnostics">What was wrong, where, and what to do.</param>
/// <param name="Expression">The element, as FHIRPath; null when none is to blame.</param>
internal sealed record Issue(string Type, string Code, string Diagnostics, string? Expression = null)
{
    public string Severity { get; init; } = "error";
}
