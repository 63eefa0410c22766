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
    IndexTokens tokens, SearchParser parser, ProjectionReader rows, PageLoader loader, AccessGate gate, CursorSeal cursors, IOptions<RecordsOptions> options)
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

        var (own, supporting) = Gather(request, cursor);
        var left = Left(own, supporting, cursor);
        var page = left.Take(cursor.Count).ToList();
        var (versions, taken) = await loader.LoadAsync(request, page, cancellation);
        cursor = cursor with { Total = own.Count + supporting.Count };
        var next = taken < left.Count && taken > 0
            ? cursor with { After = page[taken - 1].Number, Supporting = supporting.Contains(page[taken - 1]) }
            : null;
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

    private (List<IndexedResource> Own, List<IndexedResource> Supporting) Gather(FhirRequest request, Cursor cursor)
    {
        var compartment = new SearchQuery(null, [new TokenCriterion([tokens.Compartment(request.Id)], 0)]);
        var own = rows.Find(compartment, 0, cursor.UpTo).Take(options.Value.TotalLimit).Where(row => gate.Shows(request, row)).ToList();
        var named = own.SelectMany(row => row.Entry.Supporting).Distinct(StringComparer.Ordinal).Take(options.Value.TotalLimit);
        var supporting = new List<IndexedResource>();
        foreach (var reference in named)
        {
            if (LocalReference.TryParse(reference, out var key) && rows.Get(key) is { State: RowState.Live } row && row.Number <= cursor.UpTo && gate.Shows(request, row))
            {
                supporting.Add(row);
            }
        }

        supporting.Sort((a, b) => a.Number.CompareTo(b.Number));
        return (own, supporting);
    }

    private static List<IndexedResource> Left(List<IndexedResource> own, List<IndexedResource> supporting, Cursor cursor) => cursor.Supporting
        ? supporting.FindAll(row => row.Number > cursor.After)
        : [.. own.Where(row => row.Number > cursor.After), .. supporting];

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
