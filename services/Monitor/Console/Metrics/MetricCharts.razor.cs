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
    private static readonly string[] RuntimePrefixes = ["aspnetcore.", "dns.", "dotnet.", "http.client.", "kestrel."];

    private List<(SeriesInfo Series, IReadOnlyList<SeriesPoint> Points, IReadOnlyList<PlotMark> Marks)> _charts = [];
    private IReadOnlyList<SeriesInfo> _found = [];
    private TimeRange _range;
    private StoreOutage? _outage;
    private bool _isFound;
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
        (_shown, _isFound) = (Step, false);
        Read(FindAndDraw);
    }

    /// <summary>What was found once keeps its order; what could not be found yet is looked for again.</summary>
    private void FindAndDraw()
    {
        if (!_isFound)
        {
            Find();
            _isFound = true;
        }

        Draw();
    }

    /// <summary>In the order of the store: by service, name and kind; those with anomalies first, and those of the runtime last.</summary>
    private void Find()
    {
        var marked = Marks.Since(_range.From);
        var query = new SeriesQuery { Site = Site, Service = string.IsNullOrWhiteSpace(Service) ? null : Service, Text = Typed?.Trim() };
        _found = [.. Store.ListSeries(query, Gone).OrderByDescending(s => marked.Contains(s.Id)).ThenBy(s => IsOfTheRuntime(s.Name))];
    }

    /// <summary>What the runtime and the web server count of themselves: hundreds of charts that few look for.</summary>
    internal static bool IsOfTheRuntime(string name) => RuntimePrefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal));

    private protected override bool OnBeat(int beat, bool isTouched)
    {
        if (beat % RedrawBeats != 0)
        {
            return false;
        }

        Read(FindAndDraw);
        return true;
    }

    private void More()
    {
        _shown = Math.Min(Most, _shown + Step);
        Read(Draw);
    }

    private void Draw()
    {
        (_range, _outage) = (TimeRange.Read(Range, null, null, UsualRange, Now), Store.Outage);
        // What was drawn before stays until all is read.
        _charts = [.. _found.Take(_shown).Select(s => (s, Store.ReadSeries(s.Id, _range.From, _range.To, PlotPoints, Gone), Marks.Find(s.Id, _range.From, _range.To)))];
    }
}
