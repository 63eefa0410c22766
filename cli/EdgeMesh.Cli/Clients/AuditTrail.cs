using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Clients;

/// <summary>A site's audit as its auditor reads it.</summary>
internal static class AuditTrail
{
    public static Task<IReadOnlyList<JsonNode>> OfPatientAsync(FhirClient auditor, string patient, CancellationToken cancellation) =>
        auditor.SearchAllAsync($"AuditEvent?patient={patient}&_count=100", cancellation);
}
