using System.Collections.Immutable;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Resources;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>Takes from a resource what the index keeps.</summary>
internal sealed class IndexExtractor(SearchParameters parameters, IndexTokens tokens)
{
    private const string Patient = "Patient";
    private const int NameLimit = 64;
    private static readonly HashSet<string> SupportingTypes =
        ["Practitioner", "PractitionerRole", "Organization", "Location", "Medication", "Device", "HealthcareService", "Endpoint", "Substance"];

    /// <param name="resource">With its id, its references resolved.</param>
    /// <param name="references">Its references.</param>
    public IndexEntry Extract(R4.Resource resource, IReadOnlyList<FoundReference> references)
    {
        var (type, id) = (resource.TypeName, resource.Id ?? throw new InvalidOperationException("A resource is indexed under its id."));
        var collected = new Collected(type);
        foreach (var parameter in parameters.Of(type))
        {
            Collect(resource, parameter, collected);
        }

        if (type == Patient)
        {
            collected.Patients.Clear();
            collected.Patients.Add(id);
        }

        foreach (var patient in collected.Patients)
        {
            collected.Tokens.Add(tokens.Compartment(patient));
        }

        if (collected.Patients.Count == 0)
        {
            collected.Tokens.Add(tokens.NoCompartment());
        }

        var facts = new ResourceFacts([.. collected.Patients], SecurityLabels.Of(resource));
        return new IndexEntry(new DocumentKey(type, id), facts, [.. collected.Tokens], [.. collected.Dates], [.. collected.Names], Supporting(references));
    }

    private void Collect(R4.Resource resource, SearchParameter parameter, Collected collected)
    {
        var values = new List<R4.Base>(4);
        foreach (var path in parameter.Paths)
        {
            path.Collect(resource, values);
        }

        foreach (var value in values)
        {
            switch (parameter.Kind)
            {
                case ParameterKind.Token:
                    TokenValues.Add(value, collected.Type, parameter.Name, tokens, collected.Tokens);
                    break;
                case ParameterKind.Reference when value is R4.ResourceReference reference:
                    AddReference(reference, parameter, collected);
                    break;
                case ParameterKind.Date:
                    DateValues.Add(value, collected.Dates);
                    break;
                case ParameterKind.Name:
                    AddName(value, parameter, collected);
                    break;
            }
        }
    }

    private void AddReference(R4.ResourceReference reference, SearchParameter parameter, Collected collected)
    {
        if (reference.Reference is not { Length: > 0 } text || text[0] == '#')
        {
            return;
        }

        collected.Tokens.Add(tokens.Reference(collected.Type, parameter.Name, text));
        if (!LocalReference.TryParse(text, out var key))
        {
            return;
        }

        if (parameter.SoleTarget is null)
        {
            collected.Tokens.Add(tokens.ReferenceId(collected.Type, parameter.Name, key.Id));
        }

        if (key.Collection == Patient && !collected.Patients.Contains(key.Id))
        {
            collected.Patients.Add(key.Id);
        }
    }

    private void AddName(R4.Base value, SearchParameter parameter, Collected collected)
    {
        foreach (var part in NameValues.Parts(value).Select(TextFolding.Fold).Where(p => p.Length > 0))
        {
            collected.Names.Add(part.Length > NameLimit ? part[..NameLimit] : part);
            for (var length = 1; length <= Math.Min(part.Length, IndexTokens.PrefixLimit); length++)
            {
                collected.Tokens.Add(tokens.Prefix(collected.Type, parameter.Name, part[..length]));
            }
        }
    }

    private static ImmutableArray<string> Supporting(IReadOnlyList<FoundReference> references) =>
        [.. references.Select(r => r.Reference.Reference ?? "")
            .Where(text => LocalReference.TryParse(text, out var key) && SupportingTypes.Contains(key.Collection))
            .Distinct(StringComparer.Ordinal)];

    /// <summary>What one resource yields while its parameters are gone through.</summary>
    private sealed class Collected(string type)
    {
        public string Type => type;

        public SortedSet<long> Tokens { get; } = [];

        public List<DateSpan> Dates { get; } = [];

        public SortedSet<string> Names { get; } = new(StringComparer.Ordinal);

        public List<string> Patients { get; } = [];
    }
}
