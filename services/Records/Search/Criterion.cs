using System.Collections.Immutable;
using EdgeMesh.Services.Records.Indexing;

namespace EdgeMesh.Services.Records.Search;

/// <summary>One parameter of a query. Its values are alternatives; several criteria must all hold.</summary>
internal abstract record Criterion
{
    /// <summary>Which to look up first: the smaller, the fewer rows it leaves.</summary>
    public abstract int Width { get; }

    /// <summary>Decides, on what the index knows of a resource.</summary>
    public abstract bool Matches(IndexEntry entry, long updated);
}

/// <summary>An identifier, code, category, status, patient or subject.</summary>
internal sealed record TokenCriterion(ImmutableArray<long> AnyOf, int Rank) : Criterion
{
    public override int Width => Rank;

    public override bool Matches(IndexEntry entry, long updated)
    {
        foreach (var token in AnyOf)
        {
            if (entry.Has(token))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A name that begins with one of these.</summary>
internal sealed record NameCriterion(ImmutableArray<(long Prefix, string Folded)> AnyOf) : Criterion
{
    public override int Width => 30;

    public override bool Matches(IndexEntry entry, long updated) =>
        AnyOf.Any(wanted => entry.Names.Any(name => name.StartsWith(wanted.Folded, StringComparison.Ordinal)));
}

/// <summary>The parameter <c>date</c>.</summary>
internal sealed record DateCriterion(ImmutableArray<DateTest> AnyOf) : Criterion
{
    public override int Width => 80;

    public override bool Matches(IndexEntry entry, long updated) => AnyOf.Any(test => entry.Dates.Any(test.Matches));
}

/// <summary><c>_lastUpdated</c>.</summary>
internal sealed record UpdatedCriterion(ImmutableArray<DateTest> AnyOf) : Criterion
{
    public override int Width => 90;

    public override bool Matches(IndexEntry entry, long updated) =>
        AnyOf.Any(test => test.Matches(new DateSpan(updated, updated + TimeSpan.TicksPerMillisecond)));
}

/// <summary><c>_id</c>.</summary>
internal sealed record IdCriterion(ImmutableArray<string> AnyOf) : Criterion
{
    public override int Width => 0;

    public override bool Matches(IndexEntry entry, long updated) => AnyOf.Contains(entry.Key.Id);
}
