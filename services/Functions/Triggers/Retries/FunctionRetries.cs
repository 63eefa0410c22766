using System.Threading.Channels;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>Makes a function's calls for messages and changes, and keeps those that failed, or that it has no time for while others want the same message, to
/// make them later: what poisons the function, or comes faster than it works, holds up nobody. Parked is durable; a crash repeats a call at most. One
/// for a function as long as it runs here, whatever its versions.</summary>
internal sealed partial class FunctionRetries(
    string function, DaprClient dapr, SiteIdentity identity, TimeProvider clock, Func<string, KnownBundle?> choose, FunctionCalls calls, ILogger logger)
    : TriggerSource(function, choose, calls), IAsyncDisposable
{
    private const string Events = "events";
    private const int MostParked = 1000;

    /// <summary>How long others wait for one that wants the same message.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeferralPause = TimeSpan.FromSeconds(1);

    /// <summary>A queue that is full may have room in a moment.</summary>
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMinutes(5);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>No more calls begin.</summary>
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Nor is one waited for that is under way.</summary>
    private readonly CancellationTokenSource _ended = new();

    /// <summary>Guards all below.</summary>
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly ParkedRows _parked = new(dapr, identity, function);

    /// <summary>By the numbers of the parked calls that are being tried, or were not over when they were parked.</summary>
    private readonly Dictionary<long, Task> _underWay = [];

    /// <summary>The function could not be called: until then none of its calls is tried.</summary>
    private DateTimeOffset _deferredUntil;
    private bool _isFullKnown;
    private Task _loop = Task.CompletedTask;

    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Begins no more, and returns when what was under way is settled.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await Task.WhenAll(await InTurnAsync(() => Task.FromResult(_underWay.Values.ToArray()), CancellationToken.None));
    }

    /// <summary>The function does not run here any more: what is under way comes to its end by itself, and nothing more is written for it.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _ended.CancelAsync();
        await DisposeAsync();
    }

    /// <summary>Calls the function. True: the call is done with, or parked. False: who brought it brings it again.</summary>
    /// <param name="call">The call.</param>
    /// <param name="plan">What becomes of it when it fails.</param>
    /// <param name="start">Begins it, alone or with others.</param>
    /// <param name="isShared">Whether others wait for it: it is parked when it takes long, or can't be made now, or while such calls wait for their turn.</param>
    /// <param name="cancellation">Ends it before it is begun.</param>
    public async Task<bool> TakeAsync(TriggeredCall call, RetryPlan plan, Func<Task<CallResult?>> start, bool isShared, CancellationToken cancellation)
    {
        // Changes come in their order also when nobody shares them any more, and some are parked from when somebody did.
        if ((isShared || call.Trigger == TriggerNames.Changes) && await TryJoinAsync(call, plan, cancellation) is { } joined)
        {
            return joined;
        }

        // Once it is begun nothing but its own end ends it: one that can't be parked is waited for, or it would be made again beside itself.
        var running = start();
        if (isShared)
        {
            await ((Task)running).WaitAsync(Patience, clock, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!running.IsCompleted && await TryParkAsync(Waiting(call, plan), call.Data, running))
            {
                return true;
            }
        }

        return await running switch
        {
            { Outcome: CallOutcome.Completed } => true,
            { IsDeferred: true } => isShared && await TryParkAsync(Waiting(call, plan), call.Data, null),
            null => false,
            _ => await TryParkFailedAsync(call, plan),
        };
    }

    /// <summary>Null: nothing of the function waits for its turn, so the call is made at once.</summary>
    private Task<bool?> TryJoinAsync(TriggeredCall call, RetryPlan plan, CancellationToken cancellation) => WithParkedAsync(
        async parked => parked.Has(call.IdempotencyKey) ? true
            : parked.Calls.Any(c => c.Attempts == 0) ? await AddAsync(parked, Waiting(call, plan), call.Data, null)
            : null,
        cancellation);

    private async Task<bool> TryParkFailedAsync(TriggeredCall call, RetryPlan plan)
    {
        var failed = ParkedCall.Of(call, plan, 1, clock.GetUtcNow() + RetryRules.After(1));
        return plan.Retries == 0 ? await TryGiveUpAsync(failed, call.Data) : await TryParkAsync(failed, call.Data, null);
    }

    /// <param name="call">The call.</param>
    /// <param name="data">Its data.</param>
    /// <param name="running">It, where it is under way: it settles what is parked.</param>
    private async Task<bool> TryParkAsync(ParkedCall call, ReadOnlyMemory<byte> data, Task<CallResult?>? running) =>
        await WithParkedAsync(async parked => await AddAsync(parked, call, data, running), CancellationToken.None) is true
        // It may stand though its write failed.
        || await WithParkedAsync(parked => Task.FromResult<bool?>(parked.Has(call.IdempotencyKey)), CancellationToken.None) is true;

    /// <summary>False also where the store is away.</summary>
    private async Task<bool?> WithParkedAsync(Func<ParkedCalls, Task<bool?>> work, CancellationToken cancellation)
    {
        try
        {
            return await InTurnAsync(async () => await work(await _parked.LoadAsync(cancellation)), cancellation);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            LogUnavailable(logger, Function, error.Message);
            return false;
        }
    }

    private async Task<bool> AddAsync(ParkedCalls parked, ParkedCall call, ReadOnlyMemory<byte> data, Task<CallResult?>? running)
    {
        if (_ended.IsCancellationRequested)
        {
            // The function was removed: nobody waits for it.
            return true;
        }

        if (parked.Has(call.IdempotencyKey))
        {
            // Brought twice: the one that was parked first is seen to, and counts.
            return true;
        }

        if (parked.Calls.Count >= MostParked)
        {
            if (!_isFullKnown)
            {
                LogFull(logger, Function, MostParked);
            }

            _isFullKnown = true;
            return false;
        }

        // Near the bound each that succeeds makes room for one: that is still the same trouble.
        _isFullKnown &= parked.Calls.Count > MostParked / 2;
        var added = _parked.Number(call, parked);
        if (running is not null)
        {
            // Before it is written: what the store says has failed may stand all the same, and is this call's then too.
            _underWay[added.Number] = WatchAsync(added, () => SettleAsync(added, data, running));
        }

        await _parked.AddAsync(added, data);
        _wake.Writer.TryWrite(true);
        return true;
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var pause = FailurePause;
            try
            {
                pause = await InTurnAsync(() => StartDueAsync(cancellation), cancellation);
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

    /// <summary>Tries what is due, as many at once as the function may, and says for how long nothing more is.</summary>
    private async Task<TimeSpan> StartDueAsync(CancellationToken cancellation)
    {
        var (atOnce, now) = (Due?.Manifest.Share.Concurrency ?? 1, clock.GetUtcNow());
        if (_deferredUntil > now)
        {
            return _deferredUntil - now;
        }

        foreach (var next in (await _parked.LoadAsync(cancellation)).InTurn().Where(c => !_underWay.ContainsKey(c.Number)))
        {
            if (_underWay.Count >= atOnce)
            {
                break;
            }

            if (next.Due > now)
            {
                return next.Due - now;
            }

            _underWay[next.Number] = WatchAsync(next, () => TryAsync(next));
        }

        return LongestSleep;
    }

    private async Task TryAsync(ParkedCall parked)
    {
        var data = await _parked.DataOfAsync(parked, _stop.Token);
        if (parked.Bytes is { } bytes ? data.Length != bytes : data.IsEmpty)
        {
            // A store forgets data after a month: the function must not take nothing for what it was called with.
            LogGivenUp(logger, Function, parked.IdempotencyKey, parked.Attempts, "its data are no longer stored");
            await ReplaceAsync(parked, null);
            return;
        }

        if (parked.Attempts > parked.Retries)
        {
            // Its topic was away: the function itself has had its chances.
            await ReplaceAsync(parked, await TryGiveUpAsync(parked, data) ? null : parked with { Due = clock.GetUtcNow() + RetryRules.After(parked.Attempts) });
            return;
        }

        var call = new TriggeredCall(parked.Trigger, parked.IdempotencyKey, data, parked.Environment) { Trace = parked.Trace };
        await SettleAsync(parked, data, CallAsync(call, _stop.Token));
    }

    private async Task SettleAsync(ParkedCall parked, ReadOnlyMemory<byte> data, Task<CallResult?> running)
    {
        var result = await running.WaitAsync(_ended.Token);
        if (result is null or { IsDeferred: true })
        {
            // A function that does not run here now, or is busy, is not to blame: the attempt does not count, so there is nothing to write.
            var pause = result?.Outcome == CallOutcome.Busy ? BusyPause : DeferralPause;
            await InTurnAsync(() => Task.FromResult(_deferredUntil = clock.GetUtcNow() + pause), CancellationToken.None);
            return;
        }

        if (!await InTurnAsync(async () => (await _parked.LoadAsync(CancellationToken.None)).Calls.Any(c => c.Number == parked.Number), CancellationToken.None))
        {
            // It could not be parked: who brought it waits for its end, and sees to it.
            return;
        }

        var tried = parked with { Attempts = parked.Attempts + 1, Due = clock.GetUtcNow() + RetryRules.After(parked.Attempts + 1) };
        if (result.Outcome != CallOutcome.Completed && (tried.Attempts <= parked.Retries || !await TryGiveUpAsync(tried, data)))
        {
            await ReplaceAsync(parked, tried);
        }
        else
        {
            await ReplaceAsync(parked, null);
        }
    }

    /// <summary>Sees to a parked call until it is settled. Begun in turn, so it must not work before who began it has left.</summary>
    private async Task WatchAsync(ParkedCall parked, Func<Task> settle)
    {
        await Task.Yield();
        try
        {
            await settle();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // What is stored is tried after the next start, unless it is deleted with the function.
        }
        catch (Exception error)
        {
            LogUnavailable(logger, Function, error.Message);
            await Task.Delay(FailurePause, clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await InTurnAsync(() => Task.FromResult(_underWay.Remove(parked.Number)), CancellationToken.None);
        _wake.Writer.TryWrite(true);
    }

    /// <summary>False: there is a topic for it that can't be published to now.</summary>
    private async Task<bool> TryGiveUpAsync(ParkedCall parked, ReadOnlyMemory<byte> data)
    {
        try
        {
            if (parked.DeadLetter is { } topic)
            {
                await dapr.PublishByteEventAsync(Events, topic, data, cancellationToken: _stop.Token);
            }
        }
        catch (Exception error) when (!_stop.IsCancellationRequested)
        {
            LogUnavailable(logger, Function, error.Message);
            return false;
        }

        LogGivenUp(logger, Function, parked.IdempotencyKey, parked.Attempts, parked.DeadLetter is null ? "dropped" : $"sent to {parked.DeadLetter}");
        return true;
    }

    private Task ReplaceAsync(ParkedCall parked, ParkedCall? with) => InTurnAsync(
        async () =>
        {
            if (!_ended.IsCancellationRequested)
            {
                await _parked.ReplaceAsync(parked, with);
            }

            return true;
        },
        CancellationToken.None);

    private ParkedCall Waiting(TriggeredCall call, RetryPlan plan) => ParkedCall.Of(call, plan, 0, clock.GetUtcNow());

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            return await work();
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Ends early when there is something to look at.</summary>
    private async Task SleepAsync(TimeSpan time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(time < LongestSleep ? time : LongestSleep, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await _wake.Reader.ReadAsync(either.Token);
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
