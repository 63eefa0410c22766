using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>The searchable parts of whatever a name parameter points at.</summary>
internal static class NameValues
{
    public static IEnumerable<string> Parts(R4.Base value) => value switch
    {
        R4.HumanName name => ((string?[])[name.Family, name.Text, .. name.Given, .. name.Prefix, .. name.Suffix]).OfType<string>(),
        R4.PrimitiveType primitive => [primitive.ToString() ?? ""],
        _ => [],
    };
}
