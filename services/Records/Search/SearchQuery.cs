using System.Collections.Immutable;
using EdgeMesh.Services.Records.Indexing;

namespace EdgeMesh.Services.Records.Search;

/// <summary>A search, understood.</summary>
/// <param name="Type">The resource type; null: any (the compartment of a patient).</param>
/// <param name="Criteria">All must hold; the narrowest first.</param>
internal sealed record SearchQuery(string? Type, ImmutableArray<Criterion> Criteria)
{
    /// <summary>How many to a page.</summary>
    public int Count { get; init; }

    /// <summary>The parameters that were used, for the self link.</summary>
    public string Used { get; init; } = "";

    public bool Matches(IndexEntry entry, long updated)
    {
        if (Type is not null && entry.Key.Collection != Type)
        {
            return false;
        }

        foreach (var criterion in Criteria)
        {
            if (!criterion.Matches(entry, updated))
            {
                return false;
            }
        }

        return true;
    }
}
