using Dapr;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Notices;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Console.Access;
using EdgeMesh.Services.Monitor.Console.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace EdgeMesh.Services.Monitor.Console.Alerts;

/// <summary>What is wrong, what was, and what nobody wants to hear of for a while.</summary>
public sealed partial class AlertsPage
{
    private const int MostHistory = 100;
    private const int SecondBeats = 4;
    private static readonly int[] Hours = [1, 4, 8, 24, 72, 168];
    private static readonly TimeSpan Shown = TimeSpan.FromDays(7);

    private IReadOnlyList<Alert> _active = [];
    private IReadOnlyList<Alert> _history = [];
    private IReadOnlyList<Silence> _silences = [];
    private IReadOnlyList<RouteStatus> _routes = [];
    private string? _silencing;
    private string? _fault;
    private string _why = "";
    private int _hours = Hours[1];
    private bool _mayAct;
    private bool _mustFocus;
    private ElementReference _whyField;

    [Inject]
    private AlertBook Book { get; set; } = default!;

    [Inject]
    private ConsoleUser Who { get; set; } = default!;

    private protected override ConsoleRight Needs => ConsoleRight.Watch;

    /// <inheritdoc/>
    protected override async Task OnParametersSetAsync() => _mayAct = await Who.MayAsync(ConsoleRight.Operate);

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_mustFocus)
        {
            _mustFocus = false;
            try
            {
                await _whyField.FocusAsync();
            }
            catch (Exception error) when (error is JSException or JSDisconnectedException or InvalidOperationException or OperationCanceledException)
            {
                // The alert, or whoever looks, is gone meanwhile.
            }
        }
    }

    private protected override void Begin() => Read();

    private protected override void Live() => Book.Changed += Touch;

    private protected override void End() => Book.Changed -= Touch;

    private protected override bool OnBeat(int beat, bool isTouched)
    {
        if (!isTouched && beat % SecondBeats != 0)
        {
            return false;
        }

        Read();
        return true;
    }

    private void Read() => (_active, _history, _silences, _routes) = (Book.Active, Book.History(Now - Shown, Now), Book.Silences, Book.Routes);

    private string Words()
    {
        var firing = _active.Count(a => a.State == AlertState.Firing && a.SilencedUntil is null);
        var silenced = _active.Count(a => a.SilencedUntil is not null);
        return _active.Count == 0 ? "None." : $"{Amounts.Count(firing)} firing, {_active.Count(a => a.State == AlertState.Pending)} pending, {silenced} silenced.";
    }

    private void Open(string? alert)
    {
        (_silencing, _fault, _why) = (_silencing == alert ? null : alert, null, "");
        _mustFocus = _silencing is not null;
    }

    private async Task SilenceAsync(Alert alert)
    {
        // Asked again at the act: what a page showed proves nothing.
        if (!await Who.MayAsync(ConsoleRight.Operate) || await Who.NameAsync() is not { } name)
        {
            _fault = "Only operators and administrators silence alerts.";
            return;
        }

        var (from, life) = (Now, TimeSpan.FromHours(Math.Clamp(_hours, 1, Hours[^1])));
        var silence = new Silence(Guid.NewGuid().ToString("N"), alert.Rule, alert.Site, alert.Service.Length > 0 ? alert.Service : null, name, _why.Trim(), from, from + life);
        if (await TryAsync(async () => _fault = (await Book.SilenceAsync(silence, Gone))?.Reason) && _fault is null)
        {
            Open(null);
            Read();
        }
    }

    private async Task EndAsync(string id)
    {
        if (await Who.MayAsync(ConsoleRight.Operate) && await TryAsync(() => Book.UnsilenceAsync(id, Gone)))
        {
            Read();
        }
    }

    /// <summary>False: it could not be written, and the page says so.</summary>
    private async Task<bool> TryAsync(Func<Task> decide)
    {
        _fault = null;
        try
        {
            await decide();
            return true;
        }
        catch (DaprException)
        {
            _fault = "It could not be written, so nothing has changed: the component heads does not answer. Try again in a moment.";
            return false;
        }
    }

    private static string Sign(Alert alert) => alert switch
    {
        { SilencedUntil: not null } or { State: AlertState.Pending } => "none",
        { Severity: Severity.Critical } => "bad",
        { Severity: Severity.Warning } => "warn",
        _ => "none",
    };

    /// <summary>The alert's link as one within this console, whatever address the site is known by.</summary>
    private static string Local(string url)
    {
        var at = url.IndexOf("/console/", StringComparison.Ordinal);
        return at < 0 ? "alerts" : url[(at + "/console/".Length)..];
    }
}
