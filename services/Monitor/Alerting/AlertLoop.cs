using System.Diagnostics.CodeAnalysis;
using EdgeMesh.Services.Monitor.Alerting.Notices;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>Looks at the rules every few seconds, and tells what is due. A route that is slow holds up its own notices alone.</summary>
internal sealed partial class AlertLoop(IServiceProvider services, AlertOptions options, TimeProvider clock, ILogger<AlertLoop> logger) : BackgroundService
{
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(10);

    /// <summary>More at once would hold up the next look for too long.</summary>
    private const int MostNotices = 10;

    // Made at the first look: the start does not wait for rules and routes.
    private readonly Lazy<AlertBook> _book = new(services.GetRequiredService<AlertBook>);
    private readonly Lazy<AlertEvaluator> _evaluator = new(services.GetRequiredService<AlertEvaluator>);
    private readonly Lazy<NoticeRoutes> _routes = new(services.GetRequiredService<NoticeRoutes>);
    private bool _isLoaded;

    /// <summary>Injected by tests.</summary>
    internal Random Random { get; init; } = Random.Shared;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.LookEvery, clock);
        var sending = new Dictionary<string, Task>(StringComparer.Ordinal);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryLookAsync(stoppingToken);
                if (_isLoaded)
                {
                    Send(sending, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }

        await Task.WhenAll(sending.Values);
    }

    private async Task TryLookAsync(CancellationToken cancellation)
    {
        try
        {
            if (!_isLoaded)
            {
                await _book.Value.LoadAsync(cancellation);
                _isLoaded = true;
            }

            await _book.Value.TakeAsync(_evaluator.Value.Look(_book.Value.Routes), cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // The store is away, in whatever way: what could not be written is written with the next change; until it was read, nothing is told.
            LogNotSaved(error.Message);
        }
    }

    private void Send(Dictionary<string, Task> sending, CancellationToken cancellation)
    {
        var due = _book.Value.Due().ToLookup(n => n.Route, StringComparer.Ordinal);
        foreach (var route in _routes.Value.All.Where(r => due.Contains(r.Name) && sending.GetValueOrDefault(r.Name, Task.CompletedTask).IsCompleted))
        {
            sending[route.Name] = SendAsync(route, [.. due[route.Name].Take(MostNotices)], cancellation);
        }
    }

    private async Task SendAsync(INoticeRoute route, Notice[] notices, CancellationToken cancellation)
    {
        foreach (var notice in notices)
        {
            var error = await TrySendAsync(route, notice, cancellation);
            if (cancellation.IsCancellationRequested)
            {
                return;
            }

            _book.Value.Told(notice, error, Random);
            if (error is not null)
            {
                LogNotTold(route.Name, notice.Title, error);
            }
        }

        try
        {
            await _book.Value.SaveAsync(cancellation);
        }
        catch (Exception error) when (error is Dapr.DaprException or OperationCanceledException)
        {
            LogNotSaved(error.Message);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A route may fail in any way that its library thinks of; whatever it is, the route failed.")]
    private static async Task<string?> TrySendAsync(INoticeRoute route, Notice notice, CancellationToken cancellation)
    {
        // Other machines answer in their own time, whatever clock a test gave to this service.
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(SendLimit);
        try
        {
            return await route.SendAsync(notice, limited.Token);
        }
        catch (OperationCanceledException)
        {
            return $"no answer in {SendLimit.TotalSeconds:0} s";
        }
        catch (Exception error)
        {
            return error.GetBaseException().Message;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Alerts could not be written: {Reason}")]
    private partial void LogNotSaved(string reason);

    [LoggerMessage(LogLevel.Warning, "The route {Route} did not take the notice '{Title}': {Reason}")]
    private partial void LogNotTold(string route, string title, string reason);
}
