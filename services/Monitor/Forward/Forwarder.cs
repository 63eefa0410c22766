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

    private const int MostAnswerBytes = 64 * 1024;

    /// <summary>This site's gateway has no connection to the core's: nothing went over the link.</summary>
    private const string NeverLeft = "site-unreachable";

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

    private long Day => WanBudget.Day(clock.GetUtcNow());

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
            catch (Exception error) when (StoreFaults.Is(error))
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
            client.MaxResponseContentBufferSize = MostAnswerBytes;
            using var content = new ByteArrayContent(parcel.Body) { Headers = { ContentType = new MediaTypeHeaderValue("application/gzip") } };
            using var answer = await client.PostAsync($"mesh/{options.Core}{ParcelEndpoint.Path}", content, cancellation);
            var text = await answer.Content.ReadAsByteArrayAsync(cancellation);
            return answer.IsSuccessStatusCode
                ? await AnsweredAsync(parcel, JsonSerializer.Deserialize(text.AsSpan(), ParcelJson.Default.ParcelAnswer)?.Applied ?? 0, bytes)
                : await RefusedAsync(parcel, (int)answer.StatusCode, CodeOf(text), bytes);
        }
        catch (Exception error) when (error is JsonException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // It may have gone all the way.
            return await SpentAsync(bytes, error.Message);
        }
        catch (HttpRequestException error)
        {
            // This site's own sidecar or gateway is away.
            return Fail(error.Message);
        }
    }

    private async Task<TimeSpan> AnsweredAsync(WaitingParcel parcel, long applied, int bytes)
    {
        var rest = Spend(bytes);
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
        await _parcels.ArrivedAsync(parcel, Day, _budget.Sent);
        return rest;
    }

    private async Task<TimeSpan> RefusedAsync(WaitingParcel parcel, int status, string? code, int bytes)
    {
        if (status == (int)HttpStatusCode.RequestEntityTooLarge && parcel.Records > 1)
        {
            var rest = Spend(bytes);
            await _parcels.SplitAsync(parcel, Day, _budget.Sent);
            return rest;
        }

        if (status == (int)HttpStatusCode.RequestEntityTooLarge || code == ParcelEndpoint.Malformed)
        {
            // The core would refuse it for ever, and it would hold up all that comes after it.
            LogRefused(options.Core!, parcel.Records, status);
            var rest = Spend(bytes);
            await _parcels.RefusedAsync(parcel, Day, _budget.Sent);
            return rest;
        }

        var reason = $"{options.Core} answers {status}{(code is null ? "" : $" ({code})")}";
        return code == NeverLeft ? Fail(reason) : await SpentAsync(bytes, reason);
    }

    private async Task<TimeSpan> SpentAsync(int bytes, string reason)
    {
        var (rest, pause) = (Spend(bytes), Fail(reason));
        await _parcels.SpentAsync(Day, _budget.Sent);
        return rest > pause ? rest : pause;
    }

    private TimeSpan Spend(int bytes)
    {
        var rest = _budget.Spend(clock.GetUtcNow(), bytes);
        Interlocked.Exchange(ref _sent, _budget.Sent);
        return rest;
    }

    /// <summary>Of problem details; null: it is none.</summary>
    private static string? CodeOf(byte[] text)
    {
        try
        {
            return JsonSerializer.Deserialize(text.AsSpan(), ParcelJson.Default.ParcelRefusal)?.Code;
        }
        catch (JsonException)
        {
            return null;
        }
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
