using EdgeMesh.Services.Monitor.Console.Access;
using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.AspNetCore.Components;

namespace EdgeMesh.Services.Monitor.Console.Metrics;

/// <summary>Charts of what a site measured.</summary>
public sealed partial class MetricCharts
{
    internal const string UsualRange = "1h";

    private const int Step = 12;
    private const int Most = 48;
    private const int PlotPoints = 240;
    private const int RedrawBeats = 40;

    private readonly List<(SeriesInfo Series, IReadOnlyList<SeriesPoint> Points, IReadOnlyList<PlotMark> Marks)> _charts = [];
    private IReadOnlyList<SeriesInfo> _found = [];
    private TimeRange _range;
    private int _shown = Step;

    /// <summary>Part of the name.</summary>
    [Parameter]
    public string? Typed { get; set; }

    /// <summary>Whose.</summary>
    [Parameter, EditorRequired]
    public string Site { get; set; } = "";

    /// <summary>Only this service's.</summary>
    [Parameter]
    public string? Service { get; set; }

    /// <summary>How far back.</summary>
    [Parameter]
    public string? Range { get; set; }

    [Inject]
    private TelemetryStore Store { get; set; } = default!;

    [Inject]
    private SeriesMarks Marks { get; set; } = default!;

    private protected override ConsoleRight Needs => ConsoleRight.Operate;

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (!IsAllowed)
        {
            return;
        }

        _range = TimeRange.Read(Range, null, null, UsualRange, Now);
        var all = Store.ListSeries(new SeriesQuery { Site = Site });
        var marked = Marks.Since(_range.From);
        _found = [.. all.Where(s => (string.IsNullOrWhiteSpace(Service) || s.Service == Service) && (string.IsNullOrWhiteSpace(Typed) || s.Name.Contains(Typed.Trim(), StringComparison.OrdinalIgnoreCase)))
            .OrderByDescending(s => marked.Contains(s.Id)).ThenBy(s => s.Service, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal).ThenBy(s => s.Kind, StringComparer.Ordinal)];
        _shown = Step;
        Draw();
    }

    private protected override bool OnBeat(int beat, bool isTouched)
    {
        if (beat % RedrawBeats != 0)
        {
            return false;
        }

        Draw();
        return true;
    }

    private void More()
    {
        _shown = Math.Min(Most, _shown + Step);
        Draw();
    }

    private void Draw()
    {
        _range = TimeRange.Read(Range, null, null, UsualRange, Now);
        _charts.Clear();
        foreach (var series in _found.Take(_shown))
        {
            _charts.Add((series, Store.ReadSeries(series.Id, _range.From, _range.To, PlotPoints), Marks.Find(series.Id, _range.From, _range.To)));
        }
    }
}
