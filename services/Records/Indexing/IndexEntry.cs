using System.Collections.Immutable;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>What the index keeps of a resource.</summary>
/// <param name="Key">Which.</param>
/// <param name="Facts">For access decisions.</param>
/// <param name="Tokens">Keyed values of its token, reference and name parameters; distinct, sorted.</param>
/// <param name="Dates">The values of the parameter <c>date</c>.</param>
/// <param name="Names">The folded values of the parameter <c>name</c>.</param>
/// <param name="Supporting">Local references to resources outside any patient's compartment, for <c>$everything</c>.</param>
internal sealed record IndexEntry(
    DocumentKey Key, ResourceFacts Facts, ImmutableArray<long> Tokens, ImmutableArray<DateSpan> Dates, ImmutableArray<string> Names, ImmutableArray<string> Supporting)
{
    public bool Has(long token) => Tokens.BinarySearch(token) >= 0;
}
