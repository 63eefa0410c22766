using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>The codes of whatever a token parameter points at.</summary>
internal static class TokenValues
{
    public static void Add(R4.Base value, string type, string parameter, IndexTokens tokens, SortedSet<long> into)
    {
        switch (value)
        {
            case R4.CodeableConcept concept:
                foreach (var coding in concept.Coding)
                {
                    Add(coding.System, coding.Code, type, parameter, tokens, into);
                }

                break;
            case R4.Coding coding:
                Add(coding.System, coding.Code, type, parameter, tokens, into);
                break;
            case R4.Identifier identifier:
                Add(identifier.System, identifier.Value, type, parameter, tokens, into);
                break;
            case Hl7.Fhir.Model.ICoded coded:
                foreach (var coding in coded.ToCodings())
                {
                    Add(coding.System, coding.Code, type, parameter, tokens, into);
                }

                break;
            case R4.PrimitiveType primitive:
                Add(null, primitive.ToString(), type, parameter, tokens, into);
                break;
        }
    }

    private static void Add(string? system, string? code, string type, string parameter, IndexTokens tokens, SortedSet<long> into)
    {
        if (!string.IsNullOrEmpty(system))
        {
            into.Add(tokens.System(type, parameter, system));
        }

        if (!string.IsNullOrEmpty(code))
        {
            into.Add(tokens.Code(type, parameter, code));
            into.Add(tokens.SystemAndCode(type, parameter, system ?? "", code));
        }
    }
}
