using System.Collections.Concurrent;
using System.Collections.Immutable;
using EdgeMesh.Services.Records.Resources;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>How a parameter's values compare.</summary>
internal enum ParameterKind
{
    Token,
    Reference,
    Date,
    Name,
}

/// <summary>A search parameter of one type.</summary>
/// <param name="Name">As in a query.</param>
/// <param name="Kind">How its values compare.</param>
/// <param name="Paths">Where in the resource.</param>
/// <param name="Targets">For a reference: types it may point to.</param>
/// <param name="Url">The parameter's definition.</param>
internal sealed record SearchParameter(string Name, ParameterKind Kind, ImmutableArray<ElementPath> Paths, ImmutableArray<string> Targets, string? Url)
{
    /// <summary>The type that a bare id means; null: any. <c>patient</c> means patients, even where the model's shared definition says more.</summary>
    public string? SoleTarget { get; } = Name == "patient" ? "Patient" : Targets.Length == 1 ? Targets[0] : null;
}

/// <summary>Which parameters each type has, from the model's own metadata. The names are fixed here: /metadata states exactly these.</summary>
internal sealed class SearchParameters
{
    private static readonly ImmutableArray<string> Served = ["patient", "subject", "identifier", "name", "category", "code", "date", "status"];

    private readonly ConcurrentDictionary<string, ImmutableArray<SearchParameter>> _byType = new(StringComparer.Ordinal);
    private readonly Lazy<ILookup<string, R4.SearchParamDefinition>> _known = new(() =>
        R4.ModelInfo.SearchParameters.Where(p => p.Name is not null && Served.Contains(p.Name)).ToLookup(p => p.Resource ?? "", StringComparer.Ordinal));

    public ImmutableArray<SearchParameter> Of(string type) => _byType.GetOrAdd(type, Compile);

    public SearchParameter? Find(string type, string name) => Of(type).FirstOrDefault(p => p.Name == name);

    private ImmutableArray<SearchParameter> Compile(string type)
    {
        if (!FhirModel.IsServed(type))
        {
            return [];
        }

        var compiled = _known.Value[type].Select(d => (Definition: d, Kind: KindOf(d))).Where(p => p.Kind is not null)
            .Select(p => new SearchParameter(p.Definition.Name!, p.Kind!.Value, ElementPath.Compile(type, p.Definition.Expression ?? ""),
                [.. (p.Definition.Target ?? []).Select(t => t.ToString())], p.Definition.Url))
            .Where(p => !p.Paths.IsEmpty);
        return [.. compiled.OrderBy(p => Served.IndexOf(p.Name))];
    }

    /// <summary>Null for a parameter that shares a name but compares otherwise than the served one.</summary>
    private static ParameterKind? KindOf(R4.SearchParamDefinition definition) => (definition.Name, definition.Type) switch
    {
        ("patient" or "subject", R4.SearchParamType.Reference) => ParameterKind.Reference,
        ("identifier" or "category" or "code" or "status", R4.SearchParamType.Token) => ParameterKind.Token,
        ("date", R4.SearchParamType.Date) => ParameterKind.Date,
        ("name", R4.SearchParamType.String) => ParameterKind.Name,
        _ => null,
    };
}
