using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Console.Traces;

/// <summary>One span in its place.</summary>
/// <param name="Span">The span.</param>
/// <param name="Depth">How many spans it is in.</param>
/// <param name="Left">Where its bar begins, in percent of the trace.</param>
/// <param name="Width">How long its bar is.</param>
/// <param name="IsOrphan">Whether it names a parent that is not here.</param>
internal sealed record PlacedSpan(SpanRow Span, int Depth, double Left, double Width, bool IsOrphan);

/// <summary>A trace as it is drawn: each span below the one that caused it, in order of time. Clocks of sites differ, and senders may lie: a
/// child that begins before its parent is drawn where it says, and spans that name each other in a circle appear all the same, once.</summary>
internal sealed record Waterfall(IReadOnlyList<PlacedSpan> Spans, IReadOnlyList<string> Sites, DateTimeOffset Start, TimeSpan Duration, int Errors, int LeftOut)
{
    public const int MostSpans = 1000;

    private const double LeastWidth = 0.2;

    public static Waterfall Of(IReadOnlyList<SpanRow> spans)
    {
        var (start, end) = spans.Count == 0 ? default : (spans.Min(s => s.Start), spans.Max(s => s.Start + s.Duration));
        var known = spans.Select(s => s.SpanId).ToHashSet(StringComparer.Ordinal);
        var children = spans.Where(s => s.ParentId is not null && known.Contains(s.ParentId)).ToLookup(s => s.ParentId!, StringComparer.Ordinal);
        var (ordered, seen) = (new List<(SpanRow Span, int Depth)>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var root in spans.Where(s => s.ParentId is null || !known.Contains(s.ParentId)).OrderBy(s => s.Start))
        {
            Walk(root, children, ordered, seen);
        }

        foreach (var circular in spans.Where(s => !seen.Contains(s.SpanId)).OrderBy(s => s.Start))
        {
            Walk(circular, children, ordered, seen);
        }

        var sites = spans.Select(s => s.Site).Distinct(StringComparer.Ordinal).ToArray();
        return new Waterfall(
            [.. ordered.Take(MostSpans).Select(o => Place(o.Span, o.Depth, start, end - start, o.Span.ParentId is { } parent && !known.Contains(parent)))],
            sites, start, end - start, spans.Count(s => s.IsError), Math.Max(0, ordered.Count - MostSpans));
    }

    // With a stack of its own: a trace may be as deep as its sender likes.
    private static void Walk(SpanRow root, ILookup<string, SpanRow> children, List<(SpanRow, int)> ordered, HashSet<string> seen)
    {
        var open = new Stack<(SpanRow Span, int Depth)>([(root, 0)]);
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next.Span.SpanId))
            {
                continue;
            }

            ordered.Add(next);
            foreach (var child in children[next.Span.SpanId].OrderByDescending(c => c.Start))
            {
                open.Push((child, next.Depth + 1));
            }
        }
    }

    private static PlacedSpan Place(SpanRow span, int depth, DateTimeOffset start, TimeSpan duration, bool isOrphan)
    {
        var whole = Math.Max(1, duration.Ticks);
        var left = Math.Min(100 - LeastWidth, 100.0 * (span.Start - start).Ticks / whole);
        return new PlacedSpan(span, depth, left, Math.Clamp(100.0 * span.Duration.Ticks / whole, LeastWidth, 100 - left), isOrphan);
    }
}
