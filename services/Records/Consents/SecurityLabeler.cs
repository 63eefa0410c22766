using System.Collections.Frozen;
using System.Collections.Immutable;
using Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>Fixes a resource's security labels when it is written, so that a site decides without anybody else. What the author stated
/// in <c>meta.security</c> stands; what the codes give away is added.</summary>
internal static class SecurityLabeler
{
    /// <summary>The class of everything that no consent singles out.</summary>
    public const string Normal = "N";

    /// <summary>HL7 v3 ActCode sensitivities: a consent can except each of them, so each has data keys of its own.</summary>
    public static readonly FrozenSet<string> Sensitivities =
        new[] { "PSY", "PSYTHPN", "SUD", "ETH", "ETHUD", "HIV", "SDV", "SEX", "STD", "GDIS", "BH", "SICKLE", "VIO" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>LOINC document types that are psychiatric notes.</summary>
    private static readonly FrozenSet<string> PsychiatricNotes =
        new[] { "34788-0", "28627-8", "11527-9", "34137-0", "68636-0" }.ToFrozenSet(StringComparer.Ordinal);

    public static ImmutableArray<string> Label(Resource resource)
    {
        var labels = ImmutableSortedSet.CreateBuilder(StringComparer.Ordinal);
        foreach (var coding in resource.Meta?.Security ?? [])
        {
            if (coding.Code is { } code && Sensitivities.Contains(code))
            {
                labels.Add(code);
            }
        }

        foreach (var coding in Codes(resource))
        {
            if (Sensitivity(coding) is { } label)
            {
                labels.Add(label);
            }
        }

        return [.. labels];
    }

    private static string? Sensitivity(Coding coding) => coding.System switch
    {
        "http://loinc.org" when coding.Code is { } code && PsychiatricNotes.Contains(code) => "PSY",
        "http://hl7.org/fhir/sid/icd-10" or "http://hl7.org/fhir/sid/icd-10-cm" => coding.Code switch
        {
            ['F', '1', ..] => "SUD",
            ['F', ..] => "PSY",
            ['B', '2', >= '0' and <= '4', ..] => "HIV",
            _ => null,
        },
        _ => null,
    };

    private static IEnumerable<Coding> Codes(Resource resource) => (resource switch
    {
        Condition condition => [condition.Code],
        Observation observation => [observation.Code],
        DocumentReference document => [document.Type, .. document.Category],
        DiagnosticReport report => [report.Code, .. report.Category],
        Composition composition => [composition.Type],
        Procedure procedure => [procedure.Code],
        _ => Array.Empty<CodeableConcept?>(),
    }).SelectMany(concept => concept?.Coding ?? []);
}
