using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Checks what a request, or one entry of a bundle, wants to write, before anything is looked up.</summary>
internal sealed class WriteEntries(FhirModel model, SearchParser parser)
{
    public (WriteEntry? Entry, FhirAnswer? Fault) Make(FhirRequest request, R4.Resource? resource, string? fullUrl, string? place)
    {
        if (request.Interaction != Interaction.Delete && Check(request, resource, place) is { } fault)
        {
            return (null, fault);
        }

        SearchQuery? condition = null;
        if (request is { Interaction: Interaction.Create, IfNoneExist: { } text })
        {
            (condition, var issues) = parser.Parse(request.Type, QueryText.Read(text), lenient: false, request.Base);
            if (condition is null || condition.Criteria.IsEmpty)
            {
                return (null, FhirAnswer.Faults(400, condition is null ? issues : [new Issue("required", "condition-empty", "If-None-Exist needs at least one search parameter.", place)]));
            }
        }

        return (new WriteEntry
        {
            Interaction = request.Interaction,
            Type = request.Type,
            Id = request.Id,
            Resource = resource,
            FullUrl = fullUrl,
            IfMatch = request.IfMatch,
            IfNoneExist = condition is null ? null : request.IfNoneExist,
            Condition = condition,
            Place = place,
            References = resource is null ? [] : [.. model.References.Find(resource).Where(f => f.Reference.Reference is { Length: > 0 }).Select(f => (f, f.Reference.Reference!))],
        }, null);
    }

    private static FhirAnswer? Check(FhirRequest request, R4.Resource? resource, string? place)
    {
        if (resource is null)
        {
            return FhirAnswer.Fault(400, "required", "resource-missing", "There is no resource to write.", place);
        }

        if (resource.TypeName != request.Type)
        {
            return FhirAnswer.Fault(400, "invalid", "type-mismatch", $"The address says {request.Type}, the resource is a {resource.TypeName}.", place);
        }

        if (request.Interaction == Interaction.Update && resource.Id != request.Id)
        {
            return FhirAnswer.Fault(400, "invalid", "id-mismatch", $"The address says id '{request.Id}', the resource says '{resource.Id}'. Both must be the same.", place);
        }

        return resource.Id is { } id && !LocalReference.IsId(id)
            ? FhirAnswer.Fault(400, "value", "id-invalid", $"'{id}' is no FHIR id: 1 to 64 letters, digits, hyphens and dots.", place)
            : null;
    }
}
