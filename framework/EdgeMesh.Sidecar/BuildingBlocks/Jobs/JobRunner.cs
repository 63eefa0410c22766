using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>What an app made of a job.</summary>
internal enum JobVerdict
{
    Done,

    /// <summary>It does not know such a job: asking again is of no use.</summary>
    Unknown,
    Failed,
}

/// <summary>Calls one app when its jobs are due, as long as it is there. What was due before it came, comes at once and once.</summary>
internal sealed partial class JobRunner : IAsyncDisposable
{
    /// <summary>After a failure of the file, and the least between tries that know no end.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(365);

    /// <summary>No timer of the system waits longer; what is further off is waited for in pieces.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly AppRuntime _app;
    private readonly Func<Job, CancellationToken, Task<JobVerdict>> _deliver;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stop = new();
    private readonly JobsInHand _inHand = new();
    private readonly Task _loop;
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private JobRunner(AppRuntime app, Func<Job, CancellationToken, Task<JobVerdict>> deliver, ILogger logger)
    {
        (_app, _deliver, _logger, _clock) = (app, deliver, logger, app.Process.Clock);
        app.Jobs.Changed += OnChanged;
        _loop = RunAsync();
    }

    public static Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation) =>
        Task.FromResult<IAsyncDisposable>(new JobRunner(arrival.App, new JobPostman(arrival.App, arrival.Channel, arrival.Logger).DeliverAsync, arrival.Logger));

    private void OnChanged(string appId)
    {
        if (appId == _app.AppId)
        {
            Volatile.Read(ref _wake).TrySetResult();
        }
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _wake, wake);
            try
            {
                await WaitAsync(await StartDueAsync(), wake.Task);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The file can't be read now; the jobs are still in it.
                LogUnreadable(_app.AppId, error.Message);
                await WaitAsync(Pause, wake.Task);
            }
        }
    }

    /// <returns>How long nothing else is due; null: until something changes.</returns>
    private async Task<TimeSpan?> StartDueAsync()
    {
        _inHand.Ask();

        // Those in hand are due as well, so that more are asked for.
        var first = await _app.Jobs.FirstDueAsync(_app.AppId, 2 * JobsInHand.Limit, _stop.Token);
        return _inHand.Start(first, _clock.GetUtcNow(), TriggerAsync);
    }

    private async Task WaitAsync(TimeSpan? wait, Task wake)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAny(Task.Delay(wait < LongestWait ? wait.Value : LongestWait, _clock, woken.Token), wake);
        await woken.CancelAsync();
    }

    private async Task TriggerAsync(StoredJob job)
    {
        // Off the loop at once.
        await Task.Yield();
        try
        {
            if (!JobPlan.TryRead(job.Job, job.Scheduled, out var plan, out _) || plan.Expires <= _clock.GetUtcNow())
            {
                await _app.Jobs.EndAsync(job);
                return;
            }

            var began = _clock.GetTimestamp();
            using var work = _app.Drain.Start(_stop.Token);
            var verdict = await _deliver(job.Job, work.Token);
            JobMetrics.Triggered(_app, verdict == JobVerdict.Done, began);
            await SettleAsync(job, plan, verdict);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The sidecar stops: the job is still due, and comes again.
        }
        catch (Exception error)
        {
            // The file can't be written now: the job is still due. A pause keeps this from turning into a storm.
            LogUnreadable(_app.AppId, error.Message);
            await WaitAsync(Pause, new TaskCompletionSource().Task);
        }
        finally
        {
            _inHand.Settle(job);
            OnChanged(_app.AppId);
        }
    }

    private Task SettleAsync(StoredJob job, JobPlan plan, JobVerdict verdict)
    {
        var now = _clock.GetUtcNow();
        if (verdict == JobVerdict.Failed && job.Job.FailurePolicy?.Constant is { } retry && (!retry.HasMaxRetries || job.Attempts < retry.MaxRetries))
        {
            var interval = TimeSpan.FromTicks(Math.Clamp((retry.Interval?.ToTimeSpan() ?? TimeSpan.Zero).Ticks, 0, LongestInterval.Ticks));
            return _app.Jobs.PostponeAsync(job, now + (retry.HasMaxRetries || interval > Pause ? interval : Pause), job.Times, job.Attempts + 1);
        }

        if (verdict == JobVerdict.Failed)
        {
            LogGivenUp(_app.AppId, job.Job.Name, job.Attempts + 1);
        }

        return plan.Next(job.Due, now, job.Times + 1, job.Job) is { } next ? _app.Jobs.PostponeAsync(job, next, job.Times + 1, 0) : _app.Jobs.EndAsync(job);
    }

    /// <summary>Ends it; what the app has in hand is waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        _app.Jobs.Changed -= OnChanged;
        await _stop.CancelAsync();
        await _loop;
        await _inHand.EndedAsync();
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "The jobs of {App} can't be read or written now: {Reason}")]
    private partial void LogUnreadable(string app, string reason);

    [LoggerMessage(LogLevel.Error, "{App} failed with job {Job} {Attempts} times: it is not asked again this time")]
    private partial void LogGivenUp(string app, string job, long attempts);
}
