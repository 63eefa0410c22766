using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>What may be asked of which type: the same for single requests and for entries of bundles. The audit is written by the service
/// alone, and read by one search.</summary>
internal static class ServedInteractions
{
    /// <summary>Null: served.</summary>
    public static FhirAnswer? Check(FhirRequest request, string? place = null)
    {
        if (request.Type == AuditSearch.Type)
        {
            return request.Interaction == Interaction.Search ? null : FhirAnswer.Fault(400, "not-supported", "audit-search", AuditSearch.Usage, place);
        }

        // Reads by id find nothing under an unknown type anyway, and do without the model.
        return request.Interaction is Interaction.Read or Interaction.VersionRead or Interaction.History || FhirModel.IsServed(request.Type)
            ? null
            : FhirAnswer.Fault(404, "not-supported", "type-unknown", $"'{request.Type}' is no resource type that is kept here. GET metadata lists them.", place);
    }
}
