using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Search within a type. Pages are cut by the rows' numbers between the caller's cursor and the highest row of the first page: a
/// write in between neither doubles nor hides a match.</summary>
internal sealed class SearchInteraction(
    SearchParser parser, ProjectionReader rows, PageLoader loader, AccessGate gate, CursorSeal cursors, TimeProvider clock, IOptions<RecordsOptions> options)
{
    public const string CursorParameter = "_cursor";

    public async Task<FhirAnswer> SearchAsync(FhirRequest request, CancellationToken cancellation)
    {
        if (!TryReadCursor(request, out var cursor))
        {
            return BadCursor();
        }

        var parameters = cursor is null ? request.Query : QueryText.Read(cursor.Query);
        var (query, issues) = parser.Parse(request.Type, parameters, request.Lenient || cursor is not null, request.Base);
        if (query is null)
        {
            return FhirAnswer.Faults(400, issues);
        }

        cursor ??= new Cursor(request.Type, query.Used, query.Count, 0, rows.Highest(), null);
        var isFirst = cursor.After == 0;
        if (Scan(request, gate.Narrowed(request, query), cursor, isFirst) is not { } scan)
        {
            return new ScanLimit(clock, options.Value.ScanSeconds).Fault();
        }

        var (versions, taken) = await loader.LoadAsync(request, scan.Page, cancellation);
        var total = isFirst ? scan.Total : cursor.Total;
        var next = Next(scan, taken, cursor with { Total = total });
        return new FhirAnswer(200) { Body = Write(request, query, versions, total, next) };
    }

    /// <summary>False: it does not open for this caller, or here.</summary>
    private bool TryReadCursor(FhirRequest request, out Cursor? cursor)
    {
        var text = request.Query.FirstOrDefault(p => p.Key == CursorParameter).Value;
        cursor = text is null ? null : cursors.Open(text, request.Caller);
        return text is null || cursor?.Path == request.Type;
    }

    /// <summary>Counts and cuts by what the caller may see alone; null when that takes too long.</summary>
    private ScannedPage? Scan(FhirRequest request, SearchQuery query, Cursor cursor, bool isFirst)
    {
        var (page, total, limit) = (new List<IndexedResource>(), 0, new ScanLimit(clock, options.Value.ScanSeconds));
        foreach (var row in limit.Within(rows.Find(query, cursor.After, cursor.UpTo)).Where(row => gate.Shows(request, row)))
        {
            if (page.Count >= cursor.Count && !isFirst || total == options.Value.TotalLimit)
            {
                // There are more than are counted.
                return Cut(page, cursor);
            }

            total++;
            if (page.Count < cursor.Count)
            {
                page.Add(row);
            }
        }

        return !limit.IsReached ? new ScannedPage(page, total, total > page.Count && cursor.Count > 0 ? page[^1].Number : null)
            : page.Count > 0 && page.Count == cursor.Count ? Cut(page, cursor)
            : null;
    }

    private static ScannedPage Cut(List<IndexedResource> page, Cursor cursor) => new(page, null, cursor.Count > 0 ? page[^1].Number : null);

    private static Cursor? Next(ScannedPage scan, int taken, Cursor cursor) =>
        taken < scan.Page.Count ? cursor with { After = scan.Page[taken - 1].Number }
        : scan.GoOnAfter is { } after ? cursor with { After = after }
        : null;

    private byte[] Write(FhirRequest request, SearchQuery query, IReadOnlyList<OpenedVersion> versions, int? total, Cursor? next)
    {
        var place = $"{request.Base}/{request.Type}";
        List<(string, string)> links = [("self", place + query.Used)];
        if (next is not null)
        {
            links.Add(("next", $"{place}?{CursorParameter}={cursors.Seal(next, request.Caller)}"));
        }

        using var bundle = new BundlePage("searchset", total, [.. links]);
        foreach (var version in versions)
        {
            bundle.Add($"{request.Base}/{version.Document.Key}", version, "match");
        }

        return bundle.Finish();
    }

    public static FhirAnswer BadCursor() => FhirAnswer.Fault(
        400, "expired", "cursor-invalid", $"'{CursorParameter}' is not good here: it was made for another caller or another list, or was altered. Start again with the first page.");

    /// <param name="Page">The rows of this page.</param>
    /// <param name="Total">All matches; null when not counted.</param>
    /// <param name="GoOnAfter">Where the next page begins; null: there is none.</param>
    private sealed record ScannedPage(List<IndexedResource> Page, int? Total, long? GoOnAfter);
}
