using System.Collections.Immutable;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>What one patient's audit tells of an event, so that it can be sealed under that patient's key and found, and erased, with it.</summary>
/// <param name="Access">The event.</param>
/// <param name="Patient">The patient's id; null: about none.</param>
/// <param name="Outcome">How it ended for this patient's resources.</param>
/// <param name="Resources">Those of the event's resources that are about the patient.</param>
internal sealed record AuditPart(AccessEvent Access, string? Patient, AccessOutcome Outcome, ImmutableArray<AuditedResource> Resources)
{
    /// <summary>So much of a query stands beside resources.</summary>
    private const int QueryBeside = 2_000;

    /// <summary>A longer query has entries of its own, each with so much of it: at most 40 KB as base 64.</summary>
    private const int QueryPiece = 10_000;

    public string? Query { get; init; }

    /// <summary>The parts of an event. A query, and what is about no patient, ride along where there is one patient; where there are several
    /// they are a part of their own: what was asked about one patient is nothing for the audit of another.</summary>
    public static IEnumerable<AuditPart> Of(AccessEvent access)
    {
        var patients = access.Resources.SelectMany(r => r.Patients).Distinct(StringComparer.Ordinal).Take(2).ToList();
        var beside = access.Query is { Length: <= QueryBeside } ? access.Query : null;
        var parts = patients.Count <= 1
            ? [new AuditPart(access, patients.FirstOrDefault(), OutcomeOf(access, access.Resources), access.Resources) { Query = beside }]
            : ByPatient(access, beside);
        return access.Query is { Length: > QueryBeside } query ? parts.Concat(Pieces(access, patients is [var only] ? only : null, query)) : parts;
    }

    private static IEnumerable<AuditPart> ByPatient(AccessEvent access, string? query)
    {
        var (own, groups) = (ImmutableArray.CreateBuilder<AuditedResource>(), new Dictionary<string, List<AuditedResource>>(StringComparer.Ordinal));
        foreach (var resource in access.Resources)
        {
            if (resource.Patients.IsEmpty)
            {
                own.Add(resource);
            }

            foreach (var patient in resource.Patients)
            {
                (groups.TryGetValue(patient, out var group) ? group : groups[patient] = []).Add(resource);
            }
        }

        var sites = own.ToImmutable();
        return
        [
            new AuditPart(access, null, OutcomeOf(access, sites), sites) { Query = query },
            .. groups.Select(g => new AuditPart(access, g.Key, OutcomeOf(access, g.Value), [.. g.Value])),
        ];
    }

    private static IEnumerable<AuditPart> Pieces(AccessEvent access, string? patient, string query)
    {
        for (var at = 0; at < query.Length;)
        {
            var length = Math.Min(QueryPiece, query.Length - at);
            length -= at + length < query.Length && char.IsHighSurrogate(query[at + length - 1]) ? 1 : 0;
            yield return new AuditPart(access, patient, access.Outcome, []) { Query = query.Substring(at, length) };
            at += length;
        }
    }

    private static AccessOutcome OutcomeOf(AccessEvent access, IReadOnlyList<AuditedResource> resources) =>
        resources.Count > 0 && resources.All(r => r.IsDenied) ? AccessOutcome.Denied : access.Outcome;
}
