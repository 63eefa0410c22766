using System.Text.Json;
using System.Threading.Channels;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Ledgers;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Looks at this site every interval, and tells: at a core, the site's own actor; elsewhere, every core. A report is one message of
/// about a kilobyte; nothing of it waits anywhere, the next one says all again.</summary>
internal sealed partial class FleetLoop(
    FleetBoard board, FleetOptions options, MeshDirectory directory, SiteProbe probe, LinkFigures figures, AnomalyWatch anomalies, AlertOptions alerts, SiteAlerts firing, LedgerWatch ledgers, IServiceProvider services,
    TimeProvider clock, ILogger<FleetLoop> logger) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan NewsAge = TimeSpan.FromMinutes(5);

    /// <summary>A site that has much to tell still tells it no more often.</summary>
    private static readonly TimeSpan LeastGap = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly HeadsValue<FleetMemory> _saved = new(services.GetRequiredService<Dapr.Client.DaprClient>(), $"{directory.Self}/monitor/fleet", FleetJson.Default.FleetMemory);
    private readonly Lazy<string> _rules = new(() => alerts.RulesFile is null ? LoadedRules.Own() : services.GetRequiredService<LoadedRules>().Text);
    private string? _waitsFor = board.IsCore ? "the sidecar" : null;

    /// <summary>For <c>/readyz</c>: at a core, null once the sites' timers run. Elsewhere nothing is needed to serve.</summary>
    public string? WaitsFor => _waitsFor;

    /// <summary>Something is worth a report before its time.</summary>
    public void ReportSoon() => _wake.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await OpenAsync(stoppingToken);
        anomalies.Found += ReportSoon;
        firing.Changed += ReportSoon;
        _ = services.GetRequiredService<FleetMeter>();
        var links = board.IsCore ? [] : directory.Sites.Where(s => s.IsCore).Select(s => Link(s.Name)).ToArray();
        using var timer = clock.CreateTimer(_ => ReportSoon(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        for (var isFirst = board.IsCore; !stoppingToken.IsCancellationRequested; isFirst = false)
        {
            var isTold = isFirst || await TryReportAsync(links, stoppingToken);
            await PauseAsync(timer, isTold ? options.Interval : RetryAfter(), stoppingToken);
        }
    }

    private CoreLink Link(string core) => new(core, services.GetRequiredService<AppClients>(), clock, services.GetRequiredService<ILogger<CoreLink>>());

    /// <summary>At a core, every site's timer runs again, and the core itself is live; elsewhere, what was known before is known again.</summary>
    private async Task OpenAsync(CancellationToken cancellation)
    {
        if (board.IsCore)
        {
            await UntilDoneAsync(() => WatchAsync(cancellation), cancellation);
            _waitsFor = null;
            await Task.Delay(options.FirstAfter, clock, cancellation);
            await UntilDoneAsync(async () => await ReportHereAsync(await ReadAsync(cancellation), cancellation), cancellation);
        }
        else
        {
            await UntilDoneAsync(async () => board.Recall(await _saved.ReadAsync(cancellation) ?? board.Remember()), cancellation);
            await Task.Delay(options.FirstAfter, clock, cancellation);
        }

    }

    /// <summary>Reminders are a cache: one that was lost with the scheduler, or came while the store was away, is set again.</summary>
    private async Task WatchAsync(CancellationToken cancellation)
    {
        foreach (var site in directory.Sites)
        {
            await services.GetRequiredService<SiteActors>().WatchAsync(site.Name, cancellation);
        }
    }

    private async Task UntilDoneAsync(Func<Task> act, CancellationToken cancellation)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await act();
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                // What is away may be away in any way: the sidecar, the placement service, a component. /readyz says what a core waits for.
                _waitsFor = _waitsFor is null ? null : error.Message;
                LogWaits(error.Message);
            }

            // It comes in its own time, whatever clock a test gave to this service.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), TimeProvider.System, cancellation);
        }
    }

    /// <summary>While the link is away, as often as ever; before the first report was taken sooner, for the site has just started.</summary>
    private TimeSpan RetryAfter() => board.Remember().News is null && LeastGap < options.Interval ? LeastGap : options.Interval;

    private async Task ReportHereAsync(SiteReport report, CancellationToken cancellation)
    {
        await services.GetRequiredService<SiteActors>().HearAsync(directory.Self, JsonSerializer.Serialize(report, FleetJson.Default.SiteReport), cancellation);
        anomalies.TakeSimilar(board.SimilarTo(directory.Self));
    }

    /// <summary>Whether somebody took it.</summary>
    private async Task<bool> TryReportAsync(CoreLink[] links, CancellationToken cancellation)
    {
        try
        {
            var report = await ReadAsync(cancellation);
            if (!board.IsCore)
            {
                return await ReportAsync(report, links, cancellation);
            }

            await ReportHereAsync(report, cancellation);
            await WatchAsync(cancellation);
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // The sidecar, or a store behind it, is away: the next report says all again.
            LogFailed(error.Message);
            return false;
        }
    }

    private async Task<SiteReport> ReadAsync(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var (count, worst) = firing.Now;
        return new()
        {
            Time = now,
            Firing = count,
            Alerts = worst,
            Checkpoint = ledgers.Own,
            Backlog = figures.Backlog(),
            BytesToday = figures.Today.BytesToday,
            Budget = figures.Today.Budget,
            Disk = probe.Disk(),
            Services = await probe.ServicesAsync(cancellation),
            Configuration = await probe.ConfigurationAsync(_rules.Value, cancellation),
            Marks = [.. anomalies.Since(now - (FleetBoard.SimilarWindow * 2)).TakeLast(ReportLimits.MostMarks)],
        };
    }

    private async Task<bool> ReportAsync(SiteReport report, CoreLink[] links, CancellationToken cancellation)
    {
        var isTold = false;
        var remembered = board.Remember();
        var known = remembered.News is { } news && clock.GetUtcNow() - news.AsOf < NewsAge ? news.Revision : 0;
        board.Take(Record(directory.Self).Own(report with { Clock = links.Select(l => l.Skew.Best).FirstOrDefault(s => s is not null) }, clock.GetUtcNow()));
        foreach (var link in links)
        {
            var answer = await link.SendAsync(report with { KnownRevision = known }, cancellation);
            Take(link.Core, answer);
            isTold |= answer is not null;
        }

        var now = board.Remember();
        if (now.News != remembered.News || !now.Cores.Select(c => c.Liveness.Is).SequenceEqual(remembered.Cores.Select(c => c.Liveness.Is)))
        {
            await _saved.WriteAsync(now, cancellation);
        }

        return isTold;
    }

    private void Take(string core, ReportAnswer? answer)
    {
        var now = clock.GetUtcNow();
        var record = Record(core);
        board.Take(answer is null ? record.Look(options.Rules, now) : record.Hear(new SiteReport { Time = answer.Answered }, options.Rules, now));
        if (answer is { News: { } news })
        {
            board.Take(news);
        }

        if (answer is not null)
        {
            anomalies.TakeSimilar(answer.Similar);
        }
    }

    private SiteRecord Record(string site) => board.Find(site) ?? SiteRecord.New(site, clock.GetUtcNow());

    /// <summary>Until the interval is over, or something is worth a report; a little off, so that sites do not report in step.</summary>
    private async Task PauseAsync(ITimer timer, TimeSpan pause, CancellationToken cancellation)
    {
        timer.Change(pause * (0.95 + (0.1 * Random.Shared.NextDouble())), Timeout.InfiniteTimeSpan);
        var started = clock.GetTimestamp();
        await _wake.Reader.ReadAsync(cancellation);
        if (clock.GetElapsedTime(started) is var passed && passed < LeastGap && passed < options.Interval)
        {
            timer.Change(LeastGap - passed, Timeout.InfiniteTimeSpan);
            await _wake.Reader.ReadAsync(cancellation);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The fleet can't be watched yet: {Reason}")]
    private partial void LogWaits(string reason);

    [LoggerMessage(LogLevel.Warning, "This site's report failed: {Reason}")]
    private partial void LogFailed(string reason);
}
