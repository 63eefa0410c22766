using System.Buffers;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Resolves the references of what is about to be written, and refuses those that point nowhere. What the writer may not read is
/// nowhere: it answers as an unknown id does.</summary>
internal sealed class ReferenceResolver(ProjectionReader rows, SearchParser parser, AccessGate gate, SiteIdentity identity, MeshDirectory directory)
{
    private const int IssueLimit = 50;
    private static readonly SearchValues<char> TypeLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Rewrites what points at other entries or at a condition; returns what is wrong with the rest. A condition that was resolved is
    /// added to the expectations.</summary>
    public List<Issue> Resolve(FhirRequest request, IReadOnlyList<PlannedWrite> writes, List<Expectation> expectations)
    {
        var pass = new Pass(request, writes, expectations);
        foreach (var write in writes.Where(w => !w.Exists))
        {
            foreach (var (found, text) in write.Entry.References)
            {
                Resolve(pass, write.Entry, found, text);
            }
        }

        CheckExisting(pass);
        return pass.Issues;
    }

    private void Resolve(Pass pass, WriteEntry entry, FoundReference found, string text)
    {
        if (text.StartsWith('#'))
        {
            CheckContained(pass, entry, found, text);
            return;
        }

        if (pass.ByFullUrl.TryGetValue(text, out var other))
        {
            Point(pass, entry, found, other);
            return;
        }

        var local = Local(pass.Request, text);
        if (LocalReference.TryParse(local, out var key))
        {
            found.Reference.Reference = local;
            CheckTarget(pass, entry, found, key);
            pass.Targets.Add((key, entry, found, text));
        }
        else if (local.IndexOf('?', StringComparison.Ordinal) is var question and > 0 && local.AsSpan(0, question).IndexOfAnyExcept(TypeLetters) < 0)
        {
            ResolveCondition(pass, entry, found, local, question);
        }
        else if (text.StartsWith("urn:", StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out _))
        {
            pass.Fault(entry, found, "not-found", "reference-unresolved",
                text.StartsWith("urn:", StringComparison.Ordinal)
                    ? $"'{text}' is the fullUrl of no entry of this bundle."
                    : $"'{text}' is not a reference. Write Type/id, an absolute URL, #contained, or an entry's fullUrl.");
        }
    }

    private static void CheckContained(Pass pass, WriteEntry entry, FoundReference found, string text)
    {
        var contained = (entry.Resource as R4.DomainResource)?.Contained;
        if (text.Length > 1 && contained?.Exists(c => c.Id == text[1..] || c.Id == text) != true)
        {
            pass.Fault(entry, found, "not-found", "reference-unresolved", $"'{text}' names no contained resource.");
        }
    }

    private static void Point(Pass pass, WriteEntry entry, FoundReference found, DocumentKey target)
    {
        found.Reference.Reference = target.ToString();
        CheckTarget(pass, entry, found, target);
    }

    private static void CheckTarget(Pass pass, WriteEntry entry, FoundReference found, DocumentKey target)
    {
        if (found.Targets.Length > 0 && !found.Targets.Contains(target.Collection))
        {
            pass.Fault(entry, found, "value", "reference-type", $"A {target.Collection} can't stand here; allowed: {string.Join(", ", found.Targets)}.");
        }
    }

    private void ResolveCondition(Pass pass, WriteEntry entry, FoundReference found, string text, int question)
    {
        if (!pass.Conditions.TryGetValue(text, out var resolved))
        {
            resolved = pass.Conditions[text] = Look(pass, text[..question], text[(question + 1)..]);
        }

        if (resolved is { Key: { } key })
        {
            Point(pass, entry, found, key);
        }
        else
        {
            pass.Fault(entry, found, resolved.Type, resolved.Code, resolved.Detail);
        }
    }

    private ResolvedCondition Look(Pass pass, string type, string condition)
    {
        var (query, issues) = parser.Parse(type, QueryText.Read(condition), lenient: false, pass.Request.Base);
        if (query is null || query.Criteria.IsEmpty)
        {
            return new(null, "value", "reference-condition", query is null ? issues[0].Diagnostics : $"'{type}?{condition}' has no condition.");
        }

        // What this bundle creates may be what is meant.
        if (pass.ByCondition.TryGetValue($"{type}?{condition}", out var made))
        {
            return new(made, "", "", "");
        }

        var searcher = pass.Request with { Interaction = Interaction.Search };
        var matches = rows.Find(query).Where(row => gate.Shows(searcher, row)).Take(2).ToList();
        if (matches.Count != 1)
        {
            return matches.Count == 0
                ? MatchesNothing($"{type}?{condition}")
                : new(null, "multiple-matches", "reference-ambiguous", $"'{type}?{condition}' matches more than one {type}.");
        }

        pass.Expectations.Add(new Expectation(query, matches[0].Entry.Key.Id) { Counts = (entry, owner, held) => gate.Sees(searcher, entry, owner, held) });
        return new(matches[0].Entry.Key, "", "", "");
    }

    /// <summary>What is wrong with writes when these patients are unknown here: their references in the order in which <see cref="Resolve"/>
    /// would have found them.</summary>
    public static List<Issue> AsUnknown(FhirRequest request, IReadOnlyList<PlannedWrite> writes, IReadOnlySet<DocumentKey> patients)
    {
        var pass = new Pass(request, writes, []);
        var pointing = writes.Where(w => !w.Exists)
            .SelectMany(w => w.Entry.References.Select(r => (w.Entry, r.Found, r.Text)))
            .Where(r => LocalReference.TryParse(r.Found.Reference.Reference, out var key) && patients.Contains(key))
            .ToLookup(r => r.Text.Contains('?', StringComparison.Ordinal));
        foreach (var (entry, found, text) in pointing[true])
        {
            var (_, type, code, detail) = MatchesNothing(Local(request, text));
            pass.Fault(entry, found, type, code, detail);
        }

        foreach (var (entry, found, text) in pointing[false])
        {
            pass.FaultMissing(entry, found, text);
        }

        return pass.Issues;
    }

    private static string Local(FhirRequest request, string text) =>
        text.StartsWith(request.Base + "/", StringComparison.Ordinal) ? text[(request.Base.Length + 1)..] : text;

    private static ResolvedCondition MatchesNothing(string condition) => new(null, "not-found", "reference-unresolved", $"'{condition}' matches nothing here.");

    /// <summary>A reference to an id that this site, or no site at all, should have assigned must lead to what the writer may read; what
    /// another site assigned may be missing here.</summary>
    private void CheckExisting(Pass pass)
    {
        var local = pass.Targets.Where(t => !pass.Own.Contains(t.Key) && !IsForeign(t.Key.Id)).ToList();
        var reader = pass.Request with { Interaction = Interaction.Read };
        var shown = rows.Live([.. local.Select(t => t.Key).Distinct()]).Values.Where(row => gate.Shows(reader, row)).Select(row => row.Entry.Key).ToHashSet();
        foreach (var (_, entry, found, text) in local.Where(t => !shown.Contains(t.Key)))
        {
            pass.FaultMissing(entry, found, text);
        }
    }

    private bool IsForeign(string id) => ResourceIds.SiteOf(id) is { } site && site != identity.Site && directory.Find(site) is not null;

    /// <summary>One resolution: what is known of the bundle, and what was found wrong.</summary>
    private sealed class Pass
    {
        public Pass(FhirRequest request, IReadOnlyList<PlannedWrite> writes, List<Expectation> expectations)
        {
            (Request, Expectations) = (request, expectations);
            foreach (var write in writes)
            {
                Own.Add(write.Key);
                if (write.Entry.FullUrl is { } url)
                {
                    ByFullUrl[url] = write.Key;
                }

                if (write.Entry.IfNoneExist is { } condition)
                {
                    ByCondition.TryAdd($"{write.Entry.Type}?{condition}", write.Key);
                }
            }
        }

        public FhirRequest Request { get; }

        public List<Expectation> Expectations { get; }

        public List<Issue> Issues { get; } = [];

        public HashSet<DocumentKey> Own { get; } = [];

        public Dictionary<string, DocumentKey> ByFullUrl { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, DocumentKey> ByCondition { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, ResolvedCondition> Conditions { get; } = new(StringComparer.Ordinal);

        public List<(DocumentKey Key, WriteEntry Entry, FoundReference Found, string Text)> Targets { get; } = [];

        public void FaultMissing(WriteEntry entry, FoundReference found, string text) =>
            Fault(entry, found, "not-found", "reference-not-found", $"'{text}' does not exist here. Write it first, or in the same transaction.");

        public void Fault(WriteEntry entry, FoundReference found, string type, string code, string detail)
        {
            if (Issues.Count < IssueLimit)
            {
                Issues.Add(new Issue(type, code, detail, entry.Place is { } place ? $"{place}.resource.{found.Path}" : found.Path));
            }
        }
    }

    /// <param name="Key">What it means; null: see the rest.</param>
    private sealed record ResolvedCondition(DocumentKey? Key, string Type, string Code, string Detail);
}
