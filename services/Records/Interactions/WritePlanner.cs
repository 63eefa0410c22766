using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Plans a request's writes: ids, conditions, references, rights. Nothing is written here, so an attempt can be given up.</summary>
internal sealed class WritePlanner(
    Journal changes, ProjectionReader rows, ReferenceResolver references, IndexExtractor extractor, FhirModel model, AccessGate gate, ConditionLimiter limiter,
    ResourceIds ids, SiteIdentity identity)
{
    public async Task<(WritePlan? Plan, FhirAnswer? Fault)> PlanAsync(FhirRequest request, IReadOnlyList<WriteEntry> entries, CancellationToken cancellation)
    {
        var (writes, expectations, byCondition) = (new List<PlannedWrite>(entries.Count), new List<Expectation>(), new Dictionary<string, PlannedWrite>(StringComparer.Ordinal));
        foreach (var entry in entries)
        {
            var (write, fault) = entry.Interaction == Interaction.Create
                ? Create(request, entry, expectations, byCondition)
                : await ReplaceAsync(request, entry, cancellation);
            if (fault is not null)
            {
                return (null, At(entry, fault));
            }

            writes.Add(write!);
        }

        if (writes.Where(w => !w.Exists).GroupBy(w => w.Key).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            return (null, FhirAnswer.Fault(400, "duplicate", "written-twice", $"The bundle writes {twice.Key} more than once. Leave one.", twice.Last().Entry.Place));
        }

        if (references.Resolve(request, writes, expectations) is { Count: > 0 } issues)
        {
            return (null, FhirAnswer.Faults(422, issues));
        }

        return Refused(request, writes) is { } refused ? (null, refused) : (new WritePlan(writes, expectations), null);
    }

    /// <summary>Makes the changes, all but their seals; null when they may be made. What a consent refuses is refused as if its patients were
    /// unknown: the rule goes to the audit alone.</summary>
    private FhirAnswer? Refused(FhirRequest request, List<PlannedWrite> writes)
    {
        var patients = new HashSet<DocumentKey>();
        foreach (var write in writes.Where(w => !w.Exists))
        {
            if (Prepare(request, write) is not { } refused)
            {
                continue;
            }

            if (refused == AccessDecider.OutsideScope || write.Indexed!.Facts.Patients.IsEmpty)
            {
                return At(write.Entry, FhirAnswer.Fault(403, "forbidden", "write-refused", $"Your scopes and role do not cover this {write.Key.Collection}."));
            }

            patients.UnionWith(write.Indexed.Facts.Patients.Select(id => new DocumentKey("Patient", id)));
        }

        if (patients.Count == 0)
        {
            return null;
        }

        return ReferenceResolver.AsUnknown(request, writes, patients) is { Count: > 0 } issues
            ? FhirAnswer.Faults(422, issues)
            : FhirAnswer.Fault(403, "forbidden", "write-refused", "You may not write this.");
    }

    private (PlannedWrite? Write, FhirAnswer? Fault) Create(FhirRequest request, WriteEntry entry, List<Expectation> expectations, Dictionary<string, PlannedWrite> byCondition)
    {
        if (entry.Condition is not { } condition)
        {
            return (new PlannedWrite(entry, new DocumentKey(entry.Type, ids.Next())), null);
        }

        // Two entries of one bundle with one condition mean one resource.
        var name = $"{entry.Type}?{entry.IfNoneExist}";
        if (byCondition.TryGetValue(name, out var first))
        {
            return (new PlannedWrite(entry, first.Key) { Exists = true }, null);
        }

        // Before anything is looked up: an answer that depends on a match would tell what the limit is there to keep.
        if (limiter.Waits(request.Caller) is { } seconds)
        {
            return (null, FhirAnswer.Fault(429, "throttled", "conditions-limited", "Too many of your conditional creates matched more than one resource. Wait, and narrow the conditions.") with { RetryAfterSeconds = seconds });
        }

        var matches = rows.Find(condition).Take(2).ToList();
        var several = matches.Count > 1;
        if (several || (matches.Count == 1 && !gate.Decide(request, Interaction.Create, matches[0].Entry, matches[0].OwnerSite).Permits))
        {
            limiter.Spend(request.Caller);
            return (null, FhirAnswer.Fault(412, "multiple-matches", "several-matches", $"The condition {name} matches more than one resource, so nothing was created. Narrow it."));
        }

        expectations.Add(new Expectation(condition, matches.Count == 0 ? null : matches[0].Entry.Key.Id));
        var key = matches.Count == 0 ? new DocumentKey(entry.Type, ids.Next()) : matches[0].Entry.Key;
        return (byCondition[name] = new PlannedWrite(entry, key) { Exists = matches.Count == 1 }, null);
    }

    private async Task<(PlannedWrite? Write, FhirAnswer? Fault)> ReplaceAsync(FhirRequest request, WriteEntry entry, CancellationToken cancellation)
    {
        var key = new DocumentKey(entry.Type, entry.Id);
        var current = await changes.GetAsync(key, cancellation);
        if (current is null || rows.Get(key) is not { } row || !gate.Decide(request, entry.Interaction, row.Entry, current.OwnerSite).Permits)
        {
            return (null, UnknownId(entry));
        }

        if (current.Deleted)
        {
            return entry.Interaction == Interaction.Delete
                ? (new PlannedWrite(entry, key) { Exists = true, Current = current }, null)
                : (null, FhirAnswer.Gone(entry.Type, entry.Id, current.Version, current.RecordedAt));
        }

        return WriteConditions.Check(entry, current) is { } stale
            ? (null, stale)
            : (new PlannedWrite(entry, key) { Current = current, CurrentEntry = row.Entry }, null);
    }

    private static FhirAnswer UnknownId(WriteEntry entry) => entry.Interaction == Interaction.Delete
        ? FhirAnswer.Unknown(entry.Type, entry.Id)
        : FhirAnswer.Fault(405, "not-supported", "update-unknown-id",
            $"There is no {entry.Type}/{entry.Id} here, and ids are this server's to give. POST to {entry.Type} to create.");

    /// <summary>Makes the change, all but its seal; null when it may be made.</summary>
    private Decision? Prepare(FhirRequest request, PlannedWrite write)
    {
        var owner = write.Current?.OwnerSite ?? identity.Site;
        if (write.Entry.Resource is not { } resource)
        {
            write.Change = new Change(write.Key, write.Current!.Frontier, default) { Deleted = true, Labels = write.Current.Labels };
            return null;
        }

        resource.Id = write.Key.Id;
        if (resource.Meta is { } meta)
        {
            (meta.VersionId, meta.LastUpdated) = (null, null);
        }

        write.Indexed = extractor.Extract(resource, [.. write.Entry.References.Select(r => r.Found)]);
        write.Json = model.Serialize(resource);
        write.Change = new Change(write.Key, write.Current?.Frontier, default) { Labels = write.Indexed.Facts.Labels };
        return gate.Decide(request, write.Entry.Interaction, write.Indexed, owner) is { Permits: false } refused ? refused : null;
    }

    private static FhirAnswer At(WriteEntry entry, FhirAnswer fault) => entry.Place is { } place
        ? fault with { Body = default, Issues = [.. fault.Issues.Select(i => i with { Expression = i.Expression is { } e ? $"{place}.resource.{e}" : place })] }
        : fault;
}
