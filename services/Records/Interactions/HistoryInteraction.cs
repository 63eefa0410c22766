using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>The versions of one resource, newest first; concurrent ones stand side by side. Each is decided by its own labels.</summary>
internal sealed class HistoryInteraction(
    Journal changes, ResourceVault vault, AccessGate gate, SearchParser parser, CursorSeal cursors, IOptions<RecordsOptions> options)
{
    /// <summary>The journal keeps that many; with fewer, the oldest is the one that made the resource.</summary>
    private const int KeptVersions = 100;

    public async Task<FhirAnswer> AnswerAsync(FhirRequest request, CancellationToken cancellation)
    {
        var path = $"{request.Type}/{request.Id}/_history";
        var (cursor, fault) = ReadCursor(request, path);
        if (cursor is null)
        {
            return fault!;
        }

        var key = new DocumentKey(request.Type, request.Id);
        var history = await changes.GetHistoryAsync(key, options.Value.HistoryLimit, cancellation);
        var shown = await ShownAsync(request, history, cancellation);
        if (shown.Count == 0)
        {
            return FhirAnswer.Unknown(request.Type, request.Id);
        }

        // Counted from the oldest, which stay where they are while newer versions come.
        var upTo = cursor.UpTo == 0 ? shown.Count : Math.Min(cursor.UpTo, shown.Count);
        var list = shown.Skip(shown.Count - (int)upTo).Skip((int)cursor.After).ToList();
        var page = list.Take(cursor.Count).ToList();
        var next = list.Count > page.Count && page.Count > 0 ? cursor with { After = cursor.After + page.Count, UpTo = upTo } : null;
        return new FhirAnswer(200) { Body = Write(request, path, cursor, page, (int)upTo, next) };
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
            return (null, FhirAnswer.Fault(400, "not-supported", "parameter-unknown", $"'{unknown}' is not a parameter of _history here. Known: _count."));
        }

        var (query, issues) = parser.Parse(request.Type, request.Query.Where(p => p.Key == "_count"), lenient: false, request.Base);
        return query is null ? (null, FhirAnswer.Faults(400, issues)) : (new Cursor(path, query.Used, query.Count, 0, 0, null), null);
    }

    private async Task<List<(OpenedVersion Version, string Method)>> ShownAsync(FhirRequest request, IReadOnlyList<Document> history, CancellationToken cancellation)
    {
        var shown = new List<(OpenedVersion, string)>(history.Count);
        for (var i = 0; i < history.Count; i++)
        {
            var opened = await vault.OpenAsync(history[i], cancellation);
            var shows = opened.Document.Deleted ? gate.ShowsTombstone(request, opened.Document.Key) : opened.IsReadable && gate.Releases(request, opened);
            if (shows)
            {
                shown.Add((opened, opened.Document.Deleted ? "DELETE" : i == history.Count - 1 && i < KeptVersions ? "POST" : "PUT"));
            }
        }

        return shown;
    }

    private byte[] Write(FhirRequest request, string path, Cursor cursor, List<(OpenedVersion Version, string Method)> page, int total, Cursor? next)
    {
        var place = $"{request.Base}/{path}";
        List<(string, string)> links = [("self", place + cursor.Query)];
        if (next is not null)
        {
            links.Add(("next", $"{place}?{SearchInteraction.CursorParameter}={cursors.Seal(next, request.Caller)}"));
        }

        using var bundle = new BundlePage("history", total, [.. links]);
        foreach (var (version, method) in page)
        {
            var key = version.Document.Key;
            bundle.AddVersion($"{request.Base}/{key}", version, method, method == "POST" ? key.Collection : key.ToString());
        }

        return bundle.Finish();
    }
}
