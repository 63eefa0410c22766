using EdgeMesh.Services.Monitor.Console.Access;
using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.AspNetCore.Components;

namespace EdgeMesh.Services.Monitor.Console.Logs;

/// <summary>Log lines, drawn page by page and followed live. The form that asks for them is not part of it: what somebody types is never
/// overwritten by what the server draws.</summary>
public sealed partial class LogLines
{
    private const int PageLines = 100;
    private const int Parts = 60;
    private const int CountBeats = 8;
    internal static readonly LogLevel[] Levels = [LogLevel.Trace, LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error, LogLevel.Critical];

    private readonly LogWindow _window = new();
    private readonly HashSet<LogLine> _open = new(ReferenceEqualityComparer.Instance);
    private readonly Lock _tailing = new();
    private IReadOnlyList<LevelCount>? _counts;
    private LogFilter _filter = default!;
    private LogQuery _query = new();
    private StoreOutage? _outage;
    private CancellationTokenSource? _tail;
    private bool _isLive;
    private bool _isCutShort;
    private bool _mustCount;

    /// <summary>What was typed.</summary>
    [Parameter]
    public string? Typed { get; set; }

    /// <summary>Only this site.</summary>
    [Parameter]
    public string? Site { get; set; }

    /// <summary>Only this service.</summary>
    [Parameter]
    public string? Service { get; set; }

    /// <summary>At least this level.</summary>
    [Parameter]
    public string? Level { get; set; }

    /// <summary>Only this trace.</summary>
    [Parameter]
    public string? TraceId { get; set; }

    /// <summary>How far back.</summary>
    [Parameter]
    public string? Range { get; set; }

    /// <summary>A part of the time, in milliseconds since 1970.</summary>
    [Parameter]
    public string? From { get; set; }

    /// <summary>Its end.</summary>
    [Parameter]
    public string? To { get; set; }

    [Inject]
    private TelemetryStore Store { get; set; } = default!;

    private protected override ConsoleRight Needs => ConsoleRight.Operate;

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync()
    {
        if (!IsAllowed)
        {
            return;
        }

        StopTail();
        _filter = LogFilter.Read(Typed, Site, Service, Level, TraceId, Range, From, To, Now);
        _query = _filter.Query(PageLines);
        _outage = Store.Outage;
        Read(Search);
        await ShowCountsAsync();
    }

    private protected override bool OnBeat(int beat, bool isTouched)
    {
        var before = _outage;
        _outage = Store.Outage;
        if (_mustCount && Fault is null && beat % CountBeats == 0)
        {
            _mustCount = false;
            _ = CountAgainAsync();
        }

        lock (_tailing)
        {
            return (_isLive && (_window.Flush(Now) || _window.IsPaused)) | before != _outage;
        }
    }

    private protected override void End() => StopTail();

    private void Search()
    {
        var page = Store.FindLogs(_query, Gone);
        lock (_tailing)
        {
            _window.Show(page);
        }

        _isCutShort = page.IsCutShort;
        _open.Clear();
    }

    private void Older()
    {
        if (_window.Next is { } next)
        {
            Read(() => ReadOlder(next));
        }
    }

    private void ReadOlder(long next)
    {
        var page = Store.FindLogs(_query with { Before = next }, Gone);
        lock (_tailing)
        {
            _window.Append(page);
        }

        _isCutShort = page.IsCutShort;
        if (_window.IsPastTheNewest)
        {
            // Whoever reads what is long over does not want it to move.
            StopTail();
        }
    }

    /// <summary>Counted once the lines are shown: over a million lines it takes a moment, and SQLite knows no asynchronous reading.</summary>
    private async Task ShowCountsAsync()
    {
        _counts = null;
        if (!RendererInfo.IsInteractive)
        {
            return;
        }

        var query = _query with { To = _filter.Range.To };
        try
        {
            _counts = await Task.Run(() => Store.ReadLevelCounts(query, Parts, Gone), Gone);
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            // The lines are shown without it, as while it is being counted: bars of a part would tell a lie.
            (_counts, _mustCount) = (null, error is not TimeoutException);
        }
    }

    private async Task CountAgainAsync()
    {
        try
        {
            await ShowCountsAsync();
            StateHasChanged();
        }
        catch (OperationCanceledException) when (Gone.IsCancellationRequested)
        {
            // The page is gone.
        }
    }

    private void ToggleLive()
    {
        if (_isLive)
        {
            // Lines that came live have no place in the order of the store: it is asked anew.
            StopTail();
            Read(Search);
            return;
        }

        Read(Search);
        _tail = CancellationTokenSource.CreateLinkedTokenSource(Gone);
        _isLive = true;
        _ = TailAsync(_query, _tail.Token);
    }

    private void TogglePause()
    {
        lock (_tailing)
        {
            if (_window.IsPaused)
            {
                _window.Resume();
            }
            else
            {
                _window.Pause();
            }
        }
    }

    private void StopTail()
    {
        _isLive = false;
        _window.Resume();
        _tail?.Cancel();
        _tail = null;
    }

    private async Task TailAsync(LogQuery query, CancellationToken cancellation)
    {
        try
        {
            await foreach (var line in Store.Tail(query, cancellation).ConfigureAwait(false))
            {
                lock (_tailing)
                {
                    _window.Take(line);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Nobody follows any more.
        }
    }

    private void Toggle(LogLine line)
    {
        if (!_open.Remove(line))
        {
            _open.Add(line);
        }
    }

    private string LinkToPart(DateTimeOffset from, DateTimeOffset to) => _filter.Link(from, to);

    private static string LevelWord(LogLevel level) => level.ToString().ToLowerInvariant();

    private static string ShortLevel(LogLevel level) => level switch
    {
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Critical => "crit",
        _ => LevelWord(level),
    };
}
