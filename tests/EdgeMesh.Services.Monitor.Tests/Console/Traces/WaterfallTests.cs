using EdgeMesh.Services.Monitor.Console.Traces;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Tests.Console.Traces;

public sealed class WaterfallTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void Of_ATrace_PutsEachSpanBelowWhatCausedIt_InOrderOfTime()
    {
        var fall = Waterfall.Of([Span("c", "a", 50, 20), Span("a", null, 0, 100), Span("b", "a", 10, 20), Span("d", "b", 12, 5, site: "core", isError: true)]);

        Assert.Equal(["a 0", "b 1", "d 2", "c 1"], fall.Spans.Select(s => $"{s.Span.SpanId} {s.Depth}"));
        Assert.Equal([(0, 100), (10, 20), (12, 5), (50, 20)], fall.Spans.Select(s => ((int)s.Left, (int)s.Width)));
        Assert.Equal((2, 1, 100), (fall.Sites.Count, fall.Errors, (int)fall.Duration.TotalMilliseconds));
    }

    [Fact]
    public void Of_SpansWithoutTheirParents_ShowsThemAll_AndSaysWhich()
    {
        var fall = Waterfall.Of([Span("b", "gone", 10, 20), Span("c", "gone", 0, 5)]);

        Assert.Equal(["c", "b"], fall.Spans.Select(s => s.Span.SpanId));
        Assert.All(fall.Spans, s => Assert.True(s.IsOrphan));
    }

    [Fact]
    public void Of_SpansInACircle_ShowsEachOnce()
    {
        var fall = Waterfall.Of([Span("a", "b", 0, 10), Span("b", "a", 1, 10), Span("self", "self", 2, 10)]);

        Assert.Equal(["a", "b", "self"], fall.Spans.Select(s => s.Span.SpanId).Order());
    }

    [Fact]
    public void Of_AChainOfAHundredThousand_IsDrawnAsFarAsAPageCanBear()
    {
        var fall = Waterfall.Of([.. Enumerable.Range(0, 100_000).Select(i => Span($"{i}", i == 0 ? null : $"{i - 1}", i, 1))]);

        Assert.Equal((Waterfall.MostSpans, 99_000), (fall.Spans.Count, fall.LeftOut));
    }

    [Fact]
    public void Of_Nothing_IsEmpty() => Assert.Empty(Waterfall.Of([]).Spans);

    private static SpanRow Span(string id, string? parent, int after, int took, string site = "clinic-a", bool isError = false) => new(
        "t", id, parent, site, "records", id, "internal", Start.AddMilliseconds(after), TimeSpan.FromMilliseconds(took), isError, new Dictionary<string, string>(), []);
}
