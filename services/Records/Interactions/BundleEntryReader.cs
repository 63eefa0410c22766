using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Reads what a bundle's entry asks for.</summary>
internal static class BundleEntryReader
{
    public static (FhirRequest? Request, Issue? Issue) Read(FhirRequest bundle, R4.Bundle.EntryComponent entry, string place)
    {
        if (entry.Request is not { Method: { } method, Url: { Length: > 0 } url })
        {
            return (null, new Issue("required", "entry-request-missing", "An entry needs request.method and request.url.", $"{place}.request"));
        }

        var relative = url.StartsWith(bundle.Base + "/", StringComparison.Ordinal) ? url[(bundle.Base.Length + 1)..] : url.TrimStart('/');
        var (request, fault) = FhirRoute.Read(method.ToString().ToUpperInvariant(), relative, Template(bundle, entry));
        return request is null ? (null, fault!.Issues[0] with { Expression = $"{place}.request.url" }) : Allowed(request, place);
    }

    private static (FhirRequest? Request, Issue? Issue) Allowed(FhirRequest request, string place) =>
        request.Interaction is Interaction.Transaction or Interaction.Batch or Interaction.Capabilities
            ? (null, new Issue("not-supported", "entry-unsupported", "A bundle's entry can't be a bundle or ask for capabilities.", $"{place}.request.url"))
            : (request, null);

    private static FhirRequest Template(FhirRequest bundle, R4.Bundle.EntryComponent entry) => bundle with
    {
        Query = [],
        Body = default,
        Resource = entry.Resource,
        IfMatch = entry.Request?.IfMatch,
        IfNoneMatch = entry.Request?.IfNoneMatch,
        IfNoneExist = entry.Request?.IfNoneExist,
    };
}
