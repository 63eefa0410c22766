using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>Keeps a function's calls that failed and tries them again, so that what brought them can go on: a message that poisons the
/// function holds up nobody. Parked is durable: the data first, then the row that names it. A crash repeats a call at most.</summary>
internal sealed partial class FunctionRetries(
    string function, DaprClient dapr, SiteIdentity identity, TimeProvider clock, Func<string, KnownBundle?> choose, FunctionCalls calls, ILogger logger)
    : TriggerSource(function, choose, calls)
{
    private const string Rows = "heads";
    private const string Bodies = "bodies";
    private const string Events = "events";
    private const int MostParked = 1000;
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(5);
    private static readonly Dictionary<string, string> Month = new() { ["ttlInSeconds"] = "2592000" };

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private ParkedCalls? _parked;
    private Task _loop = Task.CompletedTask;

    private string Row { get; } = RowOf(identity, function);

    public override void Start() => _loop = RunAsync(_stop.Token);

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _one.Dispose();
    }

    /// <summary>Deletes the calls of a function that was removed: the data first, so that a crash leaves what names the rest.</summary>
    public static async Task ForgetAsync(DaprClient dapr, SiteIdentity identity, string function, CancellationToken cancellation)
    {
        var row = RowOf(identity, function);
        var parked = await ReadAsync(dapr, row, cancellation);
        if (parked == ParkedCalls.None)
        {
            return;
        }

        foreach (var call in parked.Calls)
        {
            await dapr.DeleteStateAsync(Bodies, BodyOf(row, call), cancellationToken: cancellation);
        }

        await dapr.DeleteStateAsync(Rows, row, cancellationToken: cancellation);
    }

    /// <summary>Takes over a call that failed once. False: too many are parked, or the store is away; who brought it brings it again.</summary>
    public async Task<bool> TryParkAsync(TriggeredCall call, int retries, string? deadLetter, CancellationToken cancellation)
    {
        var parked = new ParkedCall(call.IdempotencyKey, call.Trigger, 1, clock.GetUtcNow() + RetryRules.After(1), call.Environment, deadLetter, retries) { Trace = call.Trace, Bytes = call.Data.Length };
        if (retries == 0)
        {
            await GiveUpAsync(parked, call.Data, cancellation);
            return true;
        }

        await _one.WaitAsync(cancellation);
        try
        {
            var all = await LoadAsync(cancellation);
            if (all.Calls.Count >= MostParked)
            {
                LogFull(logger, Function, MostParked);
                return false;
            }

            await dapr.SaveByteStateAsync(Bodies, BodyOf(Row, parked), call.Data, metadata: Month, cancellationToken: cancellation);
            await SaveAsync([.. all.Calls.Where(c => c.IdempotencyKey != parked.IdempotencyKey), parked], cancellation);
            _wake.Writer.TryWrite(true);
            return true;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            LogUnavailable(logger, Function, error.Message);
            return false;
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var pause = FailurePause;
            try
            {
                pause = await TryDueAsync(cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogUnavailable(logger, Function, error.Message);
            }

            await SleepAsync(pause, cancellation);
        }
    }

    /// <summary>Tries what is due, and says for how long nothing more is.</summary>
    private async Task<TimeSpan> TryDueAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ParkedCall? next;
            await _one.WaitAsync(cancellation);
            try
            {
                next = (await LoadAsync(cancellation)).Calls.MinBy(c => c.Due);
            }
            finally
            {
                _one.Release();
            }

            var wait = next is null ? LongestSleep : next.Due - clock.GetUtcNow();
            if (next is null || wait > TimeSpan.Zero)
            {
                return wait;
            }

            await TryAsync(next, cancellation);
        }
    }

    private async Task TryAsync(ParkedCall parked, CancellationToken cancellation)
    {
        var data = await dapr.GetByteStateAsync(Bodies, BodyOf(Row, parked), cancellationToken: cancellation);
        if (parked.Bytes is { } bytes ? data.Length != bytes : data.IsEmpty)
        {
            // A store forgets data after a month: the function must not take nothing for what it was called with.
            LogGivenUp(logger, Function, parked.IdempotencyKey, parked.Attempts, "its data are no longer stored");
            await ReplaceAsync(parked, null, cancellation);
            return;
        }

        var result = await CallAsync(new TriggeredCall(parked.Trigger, parked.IdempotencyKey, data, parked.Environment) { Trace = parked.Trace }, cancellation);
        if (result?.Outcome == CallOutcome.Completed)
        {
            await ReplaceAsync(parked, null, cancellation);
            return;
        }

        var tried = parked with { Attempts = parked.Attempts + 1, Due = clock.GetUtcNow() + RetryRules.After(parked.Attempts + 1) };
        var isDeferred = result is null or { IsDeferred: true };
        if (!isDeferred && tried.Attempts > parked.Retries)
        {
            await GiveUpAsync(tried, data, cancellation);
            await ReplaceAsync(parked, null, cancellation);
            return;
        }

        // A function that does not run here now, or is busy, is not to blame: the attempt does not count.
        await ReplaceAsync(parked, isDeferred ? tried with { Attempts = parked.Attempts } : tried, cancellation);
    }

    private async Task GiveUpAsync(ParkedCall parked, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        if (parked.DeadLetter is { } topic)
        {
            await dapr.PublishByteEventAsync(Events, topic, data, cancellationToken: cancellation);
        }

        LogGivenUp(logger, Function, parked.IdempotencyKey, parked.Attempts, parked.DeadLetter is null ? "dropped" : $"sent to {parked.DeadLetter}");
    }

    private async Task ReplaceAsync(ParkedCall parked, ParkedCall? with, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            var others = (await LoadAsync(cancellation)).Calls.Where(c => c.IdempotencyKey != parked.IdempotencyKey);
            await SaveAsync(with is null ? [.. others] : [.. others, with], cancellation);
            if (with is null)
            {
                await dapr.DeleteStateAsync(Bodies, BodyOf(Row, parked), cancellationToken: cancellation);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<ParkedCalls> LoadAsync(CancellationToken cancellation) => _parked ??= await ReadAsync(dapr, Row, cancellation);

    private static async Task<ParkedCalls> ReadAsync(DaprClient dapr, string row, CancellationToken cancellation)
    {
        var stored = await dapr.GetByteStateAsync(Rows, row, cancellationToken: cancellation);
        return stored.IsEmpty ? ParkedCalls.None : JsonSerializer.Deserialize(stored.Span, RetriesJson.Default.ParkedCalls) ?? ParkedCalls.None;
    }

    private async Task SaveAsync(IReadOnlyList<ParkedCall> all, CancellationToken cancellation)
    {
        var next = new ParkedCalls(all);
        await dapr.SaveByteStateAsync(Rows, Row, JsonSerializer.SerializeToUtf8Bytes(next, RetriesJson.Default.ParkedCalls), cancellationToken: cancellation);
        _parked = next;
    }

    private static string RowOf(SiteIdentity identity, string function) => $"{identity.Site}/functions/parked/{function}";

    /// <summary>Named by a digest: what names a call may hold anything.</summary>
    private static string BodyOf(string row, ParkedCall parked) => $"{row}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(parked.IdempotencyKey)).AsSpan(0, 16))}";

    /// <summary>Ends early when a call is parked.</summary>
    private async Task SleepAsync(TimeSpan time, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = clock.CreateTimer(_ => limit.Cancel(), null, time < LongestSleep ? time : LongestSleep, Timeout.InfiniteTimeSpan);
        try
        {
            await _wake.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Time to look.
        }
    }

    [LoggerMessage(LogLevel.Error, "Function {Function}: {Limit} calls are parked already; no more are taken until some succeed")]
    private static partial void LogFull(ILogger logger, string function, int limit);

    [LoggerMessage(LogLevel.Warning, "Function {Function}: parked calls can't be reached now: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string function, string reason);

    [LoggerMessage(LogLevel.Error, "Function {Function} failed for good at {Call} after {Attempts} attempts: {Fate}")]
    private static partial void LogGivenUp(ILogger logger, string function, string call, int attempts, string fate);
}
