using System.Threading.Channels;
using EdgeMesh.Ledger.Sequencing;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Ledger;

/// <summary>Gives entries their place: one writer, which commits whatever waits as one batch. Any doubt makes it load the log anew; what
/// must never be makes it halt.</summary>
public sealed partial class Sequencer : IAsyncDisposable
{
    private readonly SequencerOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Committer _committer;
    private readonly LogLoader _loader;
    private readonly Channel<Pending> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private LogState? _state;
    private SequencerStatus _status = new(SequencerPhase.Loading, "the log is being loaded");
    private PublishedLog? _published;
    private Task _cleaning = Task.CompletedTask;
    private long _queuedBytes;

    /// <summary>Starts to load the log at once.</summary>
    public Sequencer(LedgerKey key, ILedgerStore store, TimeProvider clock, SequencerOptions options, ILogger<Sequencer> log)
    {
        (_options, _clock, _log) = (options, clock, log);
        _committer = new Committer(key, store);
        _loader = new LogLoader(key, store, _committer);
        _queue = Channel.CreateBounded<Pending>(new BoundedChannelOptions(options.QueuedRequests) { SingleReader = true });
        _loop = RunAsync();
    }

    /// <summary>What it is doing.</summary>
    public SequencerStatus Status => Volatile.Read(ref _status);

    /// <summary>What may be served; null until the log is loaded.</summary>
    internal PublishedLog? Published => Volatile.Read(ref _published);

    /// <summary>Appends entries, all or none.</summary>
    /// <returns>When they are durable and published, or why not.</returns>
    public async ValueTask<AppendResult> AppendAsync(AppendRequest request, CancellationToken cancellation)
    {
        if (Fault(request) is { } fault)
        {
            return new AppendResult(AppendOutcome.Refused, Reason: fault);
        }

        var status = Status;
        if (status.Phase == SequencerPhase.Halted)
        {
            return new AppendResult(AppendOutcome.Unavailable, Reason: status.Reason);
        }

        var pending = new Pending(request);
        if (Interlocked.Add(ref _queuedBytes, pending.Bytes) > _options.QueuedBytes || !_queue.Writer.TryWrite(pending))
        {
            Interlocked.Add(ref _queuedBytes, -pending.Bytes);
            return _queue.Reader.Completion.IsCompleted
                ? new AppendResult(AppendOutcome.Unavailable, Reason: Status.Reason ?? "the ledger stops")
                : new AppendResult(AppendOutcome.Busy, Reason: "the queue is full");
        }

        return await pending.Result.WaitAsync(cancellation);
    }

    /// <summary>Signs nothing more, but for the batch under way: somebody proved what must never be, such as that this log is an old copy.</summary>
    /// <param name="reason">For people: what was found, and what to do.</param>
    public void Halt(string reason)
    {
        if (Status.Phase == SequencerPhase.Halted)
        {
            return;
        }

        LogHalted(reason);
        Become(SequencerPhase.Halted, reason);
        // Wakes the writer, which answers what waits.
        _queue.Writer.TryComplete();
    }

    /// <summary>Finishes the batch under way; what waits is answered <see cref="AppendOutcome.Unavailable"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        _queue.Writer.TryComplete();
        await _loop;
        await _cleaning;
        FailQueued("the ledger stops");
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var delay = _options.RetryDelay;
        while (!_stop.IsCancellationRequested && Status.Phase != SequencerPhase.Halted)
        {
            try
            {
                if (_state is null)
                {
                    await LoadAsync();
                    delay = _options.RetryDelay;
                }

                await _queue.Reader.WaitToReadAsync(_stop.Token);
                if (Status.Phase != SequencerPhase.Halted)
                {
                    await CommitAsync(_state!);
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (LedgerHaltedException error)
            {
                LogHalted(error.Message);
                Become(SequencerPhase.Halted, error.Message);
                _queue.Writer.TryComplete();
            }
            catch (Exception error)
            {
                // Whatever the store threw: what is known of the log is in doubt, and only loading it settles that.
                LogDoubt(error, error.Message);
                _state = null;
                Become(SequencerPhase.Loading, error.Message);
                FailQueued(error.Message);
                await Task.Delay(delay, _clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, _options.MaxRetryDelay.Ticks));
            }
        }

        FailQueued(Status.Reason ?? "the ledger stops");
    }

    private async Task LoadAsync()
    {
        using var limit = new CancellationTokenSource(_options.CommitTimeout, _clock);
        _state = await _loader.LoadAsync(_clock.GetUtcNow(), limit.Token);
        Show(_state);
        Become(SequencerPhase.Ready, null);
        LogLoaded(_state.Head.Size, _state.Head.Epoch);
    }

    private async Task CommitAsync(LogState before)
    {
        var batch = Collect(before);
        try
        {
            await CommitAsync(before, batch);
        }
        catch (Exception error)
        {
            batch.Fail(error.Message);
            throw;
        }
    }

    private async Task CommitAsync(LogState before, Batch batch)
    {
        if (batch.Entries.Count == 0)
        {
            batch.Acknowledge();
            return;
        }

        var now = _clock.GetUtcNow();
        if (now.ToUnixTimeMilliseconds() < before.Head.Time.ToUnixTimeMilliseconds())
        {
            var reason = $"the clock went back: it shows {now:O}, the last checkpoint was signed {before.Head.Time:O}. Mend the clock; the ledger goes on by itself";
            LogClock(reason);
            Become(SequencerPhase.Loading, reason);
            batch.Fail(reason);
            return;
        }

        using var limit = new CancellationTokenSource(_options.CommitTimeout, _clock);
        var after = await _committer.CommitAsync(before, batch.Entries, batch.Producers, now, limit.Token);
        _state = after;
        Show(after);
        Become(SequencerPhase.Ready, null);
        batch.Acknowledge();
        // Beside the next batch, but never more than one batch behind.
        await _cleaning;
        _cleaning = CleanAsync(before, after);
    }

    private async Task CleanAsync(LogState before, LogState after)
    {
        try
        {
            using var limit = new CancellationTokenSource(_options.CommitTimeout, _clock);
            await _committer.CleanAsync(before, after, limit.Token);
        }
        catch (Exception error)
        {
            // Nothing reads what stays; a later size has other names.
            LogUnclean(error, error.Message);
        }
    }

    private Batch Collect(LogState state)
    {
        var batch = new Batch(state, _options);
        while (_queue.Reader.TryPeek(out var next) && batch.Fits(next) && _queue.Reader.TryRead(out var pending))
        {
            Interlocked.Add(ref _queuedBytes, -pending.Bytes);
            batch.Add(pending);
        }

        return batch;
    }

    private void FailQueued(string reason)
    {
        // Those that wait now: who was answered and asks again at once belongs to the next attempt, not to this failure.
        for (var waiting = _queue.Reader.Count; waiting > 0 && _queue.Reader.TryRead(out var pending); waiting--)
        {
            Interlocked.Add(ref _queuedBytes, -pending.Bytes);
            pending.Answer(new AppendResult(AppendOutcome.Unavailable, Reason: reason));
        }
    }

    private void Show(LogState state) => Volatile.Write(ref _published, new PublishedLog(state.Head.Note, state.Edge));

    // Halted is for good, whatever the batch under way says afterwards.
    private void Become(SequencerPhase phase, string? reason)
    {
        SequencerStatus before;
        do
        {
            before = Status;
        }
        while (before.Phase != SequencerPhase.Halted && (before.Phase != phase || before.Reason != reason)
            && Interlocked.CompareExchange(ref _status, new SequencerStatus(phase, reason), before) != before);
    }

    private string? Fault(AppendRequest request)
    {
        if (request.Entries.Count == 0 || request.Entries.Count > _options.BatchEntries || request.Entries.Sum(e => (long)EntryBundle.Length(e)) > _options.BatchBytes)
        {
            return $"a request holds 1 to {_options.BatchEntries} entries, of {_options.BatchBytes} bytes together";
        }

        if (request.Entries.Any(e => e.Length is 0 or > EntryBundle.MaxEntry))
        {
            return $"an entry has 1 to {EntryBundle.MaxEntry} bytes";
        }

        return request.Producer is { } producer && (producer.Length is 0 or > 64 || !producer.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '/') || request.Sequence < 0 || request.Sequence > long.MaxValue - request.Entries.Count)
            ? "a producer is named by 1 to 64 letters, digits, '-', '.', '_', '/', and counts from 0"
            : null;
    }
}
