using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary><c>Patient/{id}/$everything</c>: the patient's compartment in the order of writing, then what it refers to outside (people,
/// organisations, places, substances).</summary>
internal sealed class EverythingInteraction(
    IndexTokens tokens, SearchParser parser, ProjectionReader rows, PageLoader loader, AccessGate gate, CursorSeal cursors, TimeProvider clock, IOptions<RecordsOptions> options)
{
    private const string Operation = "$everything";

    public async Task<FhirAnswer> AnswerAsync(FhirRequest request, CancellationToken cancellation)
    {
        var path = $"{request.Type}/{request.Id}/{Operation}";
        var (cursor, fault) = ReadCursor(request, path);
        if (cursor is null)
        {
            return fault!;
        }

        var key = new DocumentKey(request.Type, request.Id);
        if (rows.Get(key) is not { State: RowState.Live } patient || !gate.Shows(request, patient))
        {
            return FhirAnswer.Unknown(request.Type, request.Id);
        }

        var limit = new ScanLimit(clock, options.Value.ScanSeconds);
        var (own, left, total) = Gather(request, cursor, limit);
        if (limit.IsReached)
        {
            return limit.Fault();
        }

        var page = left.Take(cursor.Count).ToList();
        var (versions, taken) = await loader.LoadAsync(request, page, cancellation);
        cursor = cursor with { Total = total };
        var next = taken < left.Count && taken > 0 ? cursor with { After = page[taken - 1].Number, Supporting = taken > own } : null;
        return new FhirAnswer(200) { Body = Write(request, path, cursor, versions, next) };
    }

    private (Cursor? Cursor, FhirAnswer? Fault) ReadCursor(FhirRequest request, string path)
    {
        if (request.Query.FirstOrDefault(p => p.Key == SearchInteraction.CursorParameter).Value is { } text)
        {
            return cursors.Open(text, request.Caller) is { } known && known.Path == path ? (known, null) : (null, SearchInteraction.BadCursor());
        }

        var unknown = request.Query.FirstOrDefault(p => p.Key is not ("_count" or "_format" or "_pretty")).Key;
        if (unknown is not null && !request.Lenient)
        {
            return (null, FhirAnswer.Fault(400, "not-supported", "parameter-unknown", $"'{unknown}' is not a parameter of {Operation} here. Known: _count."));
        }

        var (query, issues) = parser.Parse(request.Type, request.Query.Where(p => p.Key == "_count"), lenient: false, request.Base);
        var named = request.Query.Any(p => p.Key == "_count");
        return query is null
            ? (null, FhirAnswer.Faults(400, issues))
            : (new Cursor(path, query.Used, named ? Math.Max(1, query.Count) : options.Value.PageLimit, 0, rows.Highest(), null), null);
    }

    /// <summary>What is left to give, and how many of it are the patient's own: these first, and when they are through what they refer to. The
    /// total is counted on the first page; null when there are too many.</summary>
    private (int Own, List<IndexedResource> Left, int? Total) Gather(FhirRequest request, Cursor cursor, ScanLimit limit)
    {
        var isFirst = cursor is { After: 0, Supporting: false };
        var enough = isFirst ? Math.Max(options.Value.TotalLimit, cursor.Count) : cursor.Count;
        var own = cursor.Supporting ? [] : Own(request, cursor.After, cursor.UpTo, limit).Take(enough + 1).ToList();
        if (own.Count > enough)
        {
            return (own.Count, own, isFirst ? null : cursor.Total);
        }

        var supporting = Supporting(request, cursor, isFirst ? own : Own(request, 0, cursor.UpTo, limit));
        List<IndexedResource> left = [.. own, .. supporting.Where(row => !cursor.Supporting || row.Number > cursor.After)];
        return (own.Count, left, isFirst ? left.Count : cursor.Total);
    }

    private IEnumerable<IndexedResource> Own(FhirRequest request, long after, long upTo, ScanLimit limit)
    {
        var compartment = new SearchQuery(null, [new TokenCriterion([tokens.Compartment(request.Id)], 0)]);
        return limit.Within(rows.Find(compartment, after, upTo)).Where(row => gate.Shows(request, row));
    }

    private List<IndexedResource> Supporting(FhirRequest request, Cursor cursor, IEnumerable<IndexedResource> own)
    {
        var named = new HashSet<DocumentKey>();
        foreach (var reference in own.SelectMany(row => row.Entry.Supporting))
        {
            if (LocalReference.TryParse(reference, out var key))
            {
                named.Add(key);
            }
        }

        return [.. rows.Live(named).Values
            .Where(row => row.Number <= cursor.UpTo && !row.Entry.Facts.Patients.Contains(request.Id) && gate.Shows(request, row))
            .OrderBy(row => row.Number)];
    }

    private byte[] Write(FhirRequest request, string path, Cursor cursor, IReadOnlyList<OpenedVersion> versions, Cursor? next)
    {
        var place = $"{request.Base}/{path}";
        List<(string, string)> links = [("self", place + cursor.Query)];
        if (next is not null)
        {
            links.Add(("next", $"{place}?{SearchInteraction.CursorParameter}={cursors.Seal(next, request.Caller)}"));
        }

        using var bundle = new BundlePage("searchset", cursor.Total, [.. links]);
        foreach (var version in versions)
        {
            bundle.Add($"{request.Base}/{version.Document.Key}", version, "match");
        }

        return bundle.Finish();
    }
}
