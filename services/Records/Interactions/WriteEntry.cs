using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>One resource that a request wants to write.</summary>
internal sealed class WriteEntry
{
    /// <summary>Create, update or delete.</summary>
    public required Interaction Interaction { get; init; }

    public required string Type { get; init; }

    /// <summary>For an update or delete.</summary>
    public string Id { get; init; } = "";

    /// <summary>Null for a delete. Its references are changed in place.</summary>
    public R4.Resource? Resource { get; init; }

    /// <summary>What other entries call it.</summary>
    public string? FullUrl { get; init; }

    public string? IfMatch { get; init; }

    /// <summary>For a conditional create: the condition as it came, and understood.</summary>
    public string? IfNoneExist { get; init; }

    public SearchQuery? Condition { get; init; }

    /// <summary>Where it stands in a bundle, such as <c>Bundle.entry[3]</c>; null: it came by itself.</summary>
    public string? Place { get; init; }

    /// <summary>Its references with the text they came with, since every attempt resolves them anew.</summary>
    public IReadOnlyList<(FoundReference Found, string Text)> References { get; set; } = [];
}

/// <summary>What an attempt made of an entry.</summary>
internal sealed class PlannedWrite(WriteEntry entry, DocumentKey key)
{
    public WriteEntry Entry => entry;

    public DocumentKey Key => key;

    /// <summary>Whether a condition found it here, so that nothing is written.</summary>
    public bool Exists { get; init; }

    /// <summary>The version to replace; null for a create.</summary>
    public Document? Current { get; init; }

    /// <summary>What the index keeps of the current version.</summary>
    public IndexEntry? CurrentEntry { get; init; }

    public IndexEntry? Indexed { get; set; }

    /// <summary>The resource as it is stored, before it is sealed.</summary>
    public byte[] Json { get; set; } = [];

    public Change? Change { get; set; }
}

/// <summary>A condition that a write was planned on; checked again at the commit's place in the journal's order.</summary>
/// <param name="Query">What must match.</param>
/// <param name="Id">The one resource that matched; null: none did.</param>
internal sealed record Expectation(SearchQuery Query, string? Id)
{
    /// <summary>Whether what matches counts, by its index entry, its owner's site and the terms of a copy; null: all does, hidden or not.</summary>
    public Func<IndexEntry, string, string?, bool>? Counts { get; init; }
}

/// <summary>What a request wants to write, ready to commit. Also the commit's sharing context.</summary>
/// <param name="Writes">In the order of the entries.</param>
/// <param name="Expectations">What must still hold.</param>
internal sealed record WritePlan(IReadOnlyList<PlannedWrite> Writes, IReadOnlyList<Expectation> Expectations)
{
    /// <summary>Those that change something, in the order of the commit's changes.</summary>
    public IReadOnlyList<PlannedWrite> Changes { get; } = [.. Writes.Where(w => !w.Exists)];
}
