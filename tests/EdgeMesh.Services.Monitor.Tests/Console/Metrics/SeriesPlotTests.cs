using EdgeMesh.Services.Monitor.Console.Metrics;
using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Monitor.Tests.Console.Metrics;

public sealed class SeriesPlotTests
{
    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch.AddYears(56);
    private static readonly SeriesInfo Latency = new(7, "core", "gateway", "http.server.request.duration", "s", SeriesKinds.P95, new Dictionary<string, string>());
    private static readonly TimeRange Range = new(From, From.AddHours(1), "1h");

    [Fact]
    public async Task Of_ASeries_MarksAnomaliesWithWhatWasExpected_AndLeadsFromItsPointsToTraces()
    {
        SeriesPoint[] points = [.. Enumerable.Range(0, 60).Select(i => new SeriesPoint(From.AddMinutes(i), i == 30 ? 1.9 : 0.08, i == 30 ? "00000000000000000000000000000abc" : null))];

        var drawn = await RenderAsync(points, [new PlotMark(From.AddMinutes(30), 1.9, 0.08, 0.05, 0.2)]);

        Assert.Contains("class=\"anomaly\" d=\"M300 8h.01\"", drawn, StringComparison.Ordinal);
        Assert.Contains("1.9 s came, about 80 ms was expected (50 ms to 200 ms)", drawn, StringComparison.Ordinal);
        Assert.Contains("href=\"traces/00000000000000000000000000000abc\"", drawn, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", drawn, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_ASeriesWithAGap_DrawsTheGap_AndWhatIsNoNumberNotAtAll()
    {
        SeriesPoint[] points =
        [
            .. Enumerable.Range(0, 10).Select(i => new SeriesPoint(From.AddMinutes(i), 1, null)), new(From.AddMinutes(10), double.NaN, null),
            .. Enumerable.Range(40, 10).Select(i => new SeriesPoint(From.AddMinutes(i), 1, null)),
        ];

        var drawn = await RenderAsync(points, []);

        var line = drawn.Split("class=\"series\" d=\"")[1].Split('"')[0];
        Assert.Equal(2, line.Count(c => c == 'M'));
        Assert.DoesNotContain("NaN", drawn, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_NoPoints_SaysSo() => Assert.Contains("aria-label=\"No points\"", await RenderAsync([], []), StringComparison.Ordinal);

    private static async Task<string> RenderAsync(IReadOnlyList<SeriesPoint> points, IReadOnlyList<PlotMark> marks)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var parameters = ParameterView.FromDictionary(new Dictionary<string, object?> { [nameof(Frame.Content)] = SeriesPlot.Of(Latency, points, marks, Range) });
            return (await renderer.RenderComponentAsync<Frame>(parameters)).ToHtmlString();
        });
    }

    private sealed class Frame : ComponentBase
    {
        [Parameter]
        public RenderFragment Content { get; set; } = default!;

        protected override void BuildRenderTree(Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder builder) => builder.AddContent(0, Content);
    }
}
