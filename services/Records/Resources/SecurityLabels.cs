using System.Collections.Immutable;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>Security labels, fixed when a resource is written. A label is the bare code for HL7's own systems (<c>N</c>, <c>R</c>,
/// <c>PSY</c>, <c>SDV</c>), <c>system|code</c> for others. Labels are not personal: they stand in the clear beside the sealed body.</summary>
internal static class SecurityLabels
{
    public const string Normal = "N";

    private const string Confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    private const string ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    private static readonly ImmutableArray<string> JustNormal = [Normal];

    /// <summary>The labels of a resource, sorted; never empty, since what nobody labelled is normal.</summary>
    public static ImmutableArray<string> Of(R4.Resource resource)
    {
        if (resource.Meta?.Security is not { Count: > 0 } codings)
        {
            return JustNormal;
        }

        var labels = codings.Where(c => !string.IsNullOrEmpty(c.Code)).Select(Name).ToHashSet(StringComparer.Ordinal);
        if (!labels.Overlaps(["U", "L", "M", "N", "R", "V"]))
        {
            labels.Add(Normal);
        }

        return [.. labels.Order(StringComparer.Ordinal)];
    }

    /// <summary>The class of the data key: every label that a consent can except is a class of its own, so that a withdrawal reaches it alone.</summary>
    public static string Class(ImmutableArray<string> labels)
    {
        var kept = labels.Where(l => l is not ("U" or "L" or "M" or Normal));
        return string.Join('+', kept) is { Length: > 0 } name ? name : Normal;
    }

    private static string Name(R4.Coding coding) =>
        coding.System is Confidentiality or ActCode or null ? coding.Code! : $"{coding.System}|{coding.Code}";
}
