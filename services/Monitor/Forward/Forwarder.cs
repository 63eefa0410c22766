using System.Data.Common;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Forward;

/// <summary>Hands what this site's monitor has over to the core's, one parcel at a time, through the gateways, within the budget of the link.
/// A parcel goes again until the core has it; the core knows by its number what it has.</summary>
internal sealed partial class Forwarder(TelemetryStore store, MonitorOptions options, AppClients apps, TimeProvider clock, ILogger<Forwarder> logger) : BackgroundService
{
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ParcelTable _parcels = new(store, options);
    private readonly WanBudget _budget = new(options.ForwardBytesADay, options.ForwardBytesASecond);
    private TimeSpan _pause = TimeSpan.FromSeconds(1);
    private bool _isRestored;
    private volatile string? _fault;
    private long _sent;

    /// <summary>Bytes that went to the core today, and what may.</summary>
    public (long Sent, long Budget) Today => (Interlocked.Read(ref _sent), options.ForwardBytesADay);

    /// <summary>Why the core has not what it should; null: it has, or there is none.</summary>
    public string? Fault => _fault;

    /// <summary>One attempt. Returns after how long the next should be.</summary>
    public async Task<TimeSpan> TurnAsync(CancellationToken cancellation)
    {
        if (!_isRestored)
        {
            var (day, bytes) = await _parcels.SentAsync(WanBudget.Day(clock.GetUtcNow()));
            _budget.Restore(day, bytes);
            _isRestored = true;
        }

        var now = clock.GetUtcNow();
        var parcel = await _parcels.NextAsync(_budget.LeastImportant(now), now);
        Interlocked.Exchange(ref _sent, _budget.Sent);
        return parcel is null ? Idle : await SendAsync(parcel, cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Core is null)
        {
            return;
        }

        // A site that starts has other things to do.
        var pause = AfterStart;
        while (true)
        {
            await Task.Delay(pause, clock, stoppingToken);
            try
            {
                pause = await TurnAsync(stoppingToken);
            }
            catch (Exception error) when (error is DbException or IOException)
            {
                pause = Fail($"the store: {error.Message}");
            }
        }
    }

    private async Task<TimeSpan> SendAsync(WaitingParcel parcel, CancellationToken cancellation)
    {
        var bytes = parcel.Body.Length + WanBudget.BytesOfARequest;
        try
        {
            using var client = apps.Get("gateway", Limit);
            using var content = new ByteArrayContent(parcel.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/gzip") } };
            using var answer = await client.PostAsync($"mesh/{options.Core}{ParcelEndpoint.Path}", content, cancellation);
            if (answer.IsSuccessStatusCode)
            {
                var text = await answer.Content.ReadAsStringAsync(cancellation);
                return await AnsweredAsync(parcel, JsonSerializer.Deserialize(text, ParcelJson.Default.ParcelAnswer)?.Applied ?? 0, bytes);
            }

            if (answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge)
            {
                // It would be refused for ever, and hold up all that comes after it.
                LogRefused(options.Core!, parcel.Records, (int)answer.StatusCode);
                await _parcels.RefusedAsync(parcel);
                return _budget.Spend(clock.GetUtcNow(), bytes);
            }

            return Fail($"{options.Core} answers {(int)answer.StatusCode}");
        }
        catch (Exception error) when (error is HttpRequestException or JsonException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return Fail(error.Message);
        }
    }

    private async Task<TimeSpan> AnsweredAsync(WaitingParcel parcel, long applied, int bytes)
    {
        var rest = _budget.Spend(clock.GetUtcNow(), bytes);
        if (applied > parcel.Sequence)
        {
            LogOldCopy(options.Core!, applied, parcel.Sequence);
            await _parcels.BeginEpochAsync();
            return TimeSpan.Zero;
        }

        if (applied < parcel.Sequence)
        {
            return Fail($"{options.Core} did not take parcel {parcel.Sequence}, and has {applied}");
        }

        if (_fault is not null)
        {
            LogArrives(options.Core!);
        }

        (_fault, _pause) = (null, TimeSpan.FromSeconds(1));
        await _parcels.ArrivedAsync(parcel, WanBudget.Day(clock.GetUtcNow()), _budget.Sent);
        Interlocked.Exchange(ref _sent, _budget.Sent);
        return rest;
    }

    private TimeSpan Fail(string reason)
    {
        if (_fault is null)
        {
            LogAway(options.Core!, reason);
        }

        // Sites that lost their core together do not all come back in the same moment.
        _fault = reason;
        var pause = _pause * (0.5 + (Random.Shared.NextDouble() / 2));
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        return pause;
    }

    [LoggerMessage(LogLevel.Warning, "Telemetry does not reach {Core} ({Reason}); it waits here")]
    private partial void LogAway(string core, string reason);

    [LoggerMessage(LogLevel.Information, "Telemetry reaches {Core} again")]
    private partial void LogArrives(string core);

    [LoggerMessage(LogLevel.Error, "{Core} refused {Records} records of telemetry for good, with status {Status}; they stay here alone")]
    private partial void LogRefused(string core, int records, int status);

    [LoggerMessage(LogLevel.Warning, "{Core} has parcel {Applied} of this store, which has only made {Made}: it is an old copy, and counts anew from now on")]
    private partial void LogOldCopy(string core, long applied, long made);
}
