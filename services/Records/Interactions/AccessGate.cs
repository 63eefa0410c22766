using System.Collections.Concurrent;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>The one place where resources are let through to a caller, whatever the interaction: read, match, total, history and
/// <c>$everything</c> all ask here.</summary>
internal sealed class AccessGate(AccessDecider decider, SearchParser parser, IndexTokens tokens, ProjectionReader rows)
{
    private const int ScopeQueryLimit = 1000;

    private readonly ConcurrentDictionary<(string Type, string Query), SearchQuery?> _scopeQueries = new();

    /// <summary>Decides on a request before the store is looked at.</summary>
    public Decision Admit(FhirRequest request, Interaction interaction, string type) => decider.Admit(request.Caller, interaction, type);

    /// <summary>A patient's own search is narrowed in the index: without it, it would look through everybody's rows, and note each as denied.
    /// It leaves what is about the patient and what is about nobody; which of it the caller may see is decided row by row as ever.</summary>
    public SearchQuery Narrowed(FhirRequest request, SearchQuery query) =>
        request.Caller is { Patient: { } patient } caller && (caller.Roles.Contains("patient") || caller.Scopes.All(s => s.StartsWith("patient/", StringComparison.Ordinal)))
            ? query with { Criteria = query.Criteria.Add(new TokenCriterion([tokens.Compartment(patient), tokens.NoCompartment()], 100)) }
            : query;

    /// <summary>Decides on a row of the index. A hidden one is noted in the trail.</summary>
    public bool Shows(FhirRequest request, IndexedResource row)
    {
        var asked = OfRow(request, row.Entry, row.OwnerSite, row.HeldUnder);
        var decision = decider.Decide(request.Caller, asked);
        if (!decision.Permits)
        {
            request.Trail.Hidden(asked, row.Version, decision);
        }

        return decision.Permits;
    }

    /// <summary>Decides as <see cref="Shows"/> does, and notes nothing: for checks that are made again.</summary>
    public bool Sees(FhirRequest request, IndexEntry entry, string ownerSite, string? heldUnder) =>
        decider.Decide(request.Caller, OfRow(request, entry, ownerSite, heldUnder)).Permits;

    /// <summary>Decides on the very version whose bytes are about to leave, and notes it in the trail.</summary>
    public bool Releases(FhirRequest request, OpenedVersion version)
    {
        var document = version.Document;
        var asked = Asked(request.Interaction, document.Key, version.Facts, document.OwnerSite, () => rows.Get(document.Key)?.Entry) with { HeldUnder = document.HeldUnder };
        var decision = decider.Decide(request.Caller, asked);
        Note(request, asked, document.Version.ToString(), decision);
        return decision.Permits;
    }

    /// <summary>Whether the caller may know that a tombstone is one.</summary>
    public bool ShowsTombstone(FhirRequest request, DocumentKey key) => rows.Get(key) is { } row && Shows(request, row);

    /// <summary>Decides on a write, by what the resource is or will be, and notes it in the trail.</summary>
    public Decision Decide(FhirRequest request, Interaction interaction, IndexEntry entry, string ownerSite)
    {
        var asked = Asked(interaction, entry.Key, entry.Facts, ownerSite, () => entry);
        var decision = decider.Decide(request.Caller, asked);
        Note(request, asked, null, decision);
        return decision;
    }

    private static void Note(FhirRequest request, in AccessRequest asked, string? version, Decision decision)
    {
        if (decision.Permits)
        {
            request.Trail.Released(asked, version, decision);
        }
        else
        {
            request.Trail.Hidden(asked, version, decision);
        }
    }

    private AccessRequest OfRow(FhirRequest request, IndexEntry entry, string ownerSite, string? heldUnder) =>
        Asked(request.Interaction, entry.Key, entry.Facts, ownerSite, () => entry) with { HeldUnder = heldUnder };

    private AccessRequest Asked(Interaction interaction, DocumentKey key, ResourceFacts facts, string ownerSite, Func<IndexEntry?> entry) =>
        new(interaction, key.Collection, key.Id, facts.Patients, facts.Labels, ownerSite)
        {
            Matches = query => entry() is { } indexed && ScopeQuery(key.Collection, query)?.Matches(indexed, 0) == true,
        };

    /// <summary>A scope's constraint; null when it is not understood, and then it covers nothing.</summary>
    private SearchQuery? ScopeQuery(string type, string query)
    {
        if (_scopeQueries.Count > ScopeQueryLimit)
        {
            _scopeQueries.Clear();
        }

        return _scopeQueries.GetOrAdd((type, query), key => parser.Parse(key.Type, QueryText.Read(key.Query), lenient: false, ownBase: "").Query);
    }
}
