using System.Threading.Channels;
using EdgeMesh.Replication.Feeds;
using EdgeMesh.Replication.Storage;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>Pulls one foreign journal: by long poll, woken by announcements, else by a slow poll; backs off while the link is away. The
/// position is stored with what was pulled, so nothing is applied twice and nothing is left out.</summary>
public abstract partial class FeedPuller : IAsyncDisposable
{
    private readonly FeedReader _reader;
    private readonly TimeProvider _clock;
    private readonly PullerOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Task _loop = Task.CompletedTask;
    private PullerState _state;
    private bool _hadNews;

    private protected FeedPuller(JournalName journal, FeedMode mode, HttpClient gateway, TimeProvider clock, ILogger logger, PullerOptions? options, bool isLocal = false)
    {
        (Journal, _clock, _logger, _options) = (journal, clock, logger, options ?? new PullerOptions());
        _reader = new FeedReader(gateway, journal, mode, isLocal);
        _state = new PullerState(journal.ToString(), Position.Start.ToString(), false, null);
    }

    /// <summary>What it pulls.</summary>
    public JournalName Journal { get; }

    /// <summary>Where it stands; replaced as a whole.</summary>
    internal PullerState State => Volatile.Read(ref _state);

    /// <summary>Starts pulling.</summary>
    public void Start() => _loop = Task.Run(() => RunAsync(_stop.Token));

    /// <summary>Asks soon: somebody announced that the journal moved.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Finishes the page in hand and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract ValueTask<FeedCursor> CursorAsync(CancellationToken cancellation);

    private protected abstract ValueTask ApplyAsync(FeedCursor after, Wire.FeedPage page, CancellationToken cancellation);

    /// <summary>Nothing more was there when it asked last.</summary>
    private protected virtual void Reached()
    {
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        var failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var started = _clock.GetTimestamp();
                var failure = await PullAsync(cancellation);
                failures = failure is null ? 0 : failures + 1;
                if (failure is not null)
                {
                    Fail(failure);
                    await SleepAsync(Pauses.After(_options.FirstPause, failures), cancellation);
                }
                else if (State.AtHead && _clock.GetElapsedTime(started) < _options.Poll)
                {
                    // After news, those that follow soon are asked for together; without, it did not wait for any.
                    await SleepAsync(_hadNews && WaitFor() > TimeSpan.Zero ? _options.FirstPause : _options.Poll, cancellation);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The local store is away, or a page does not apply: the position did not move, so the page comes again.
                Fail(error.Message);
                await SleepAsync(Pauses.After(_options.FirstPause, ++failures), cancellation);
            }
        }
    }

    /// <summary>Pulls one page; null, or why it could not.</summary>
    private async Task<string?> PullAsync(CancellationToken cancellation)
    {
        var cursor = await CursorAsync(cancellation);
        var (page, failure) = await _reader.ReadAsync(cursor, State.AtHead ? WaitFor() : TimeSpan.Zero, cancellation);
        if (page is null)
        {
            return failure;
        }

        _hadNews = page.UpTo != cursor.ToString();
        if (_hadNews)
        {
            await ApplyAsync(cursor, page, cancellation);
        }

        if (page.AtHead)
        {
            Reached();
        }

        if (State.Failure is not null)
        {
            LogBack(_logger, Journal.ToString());
        }

        Volatile.Write(ref _state, new PullerState(Journal.ToString(), page.UpTo, page.AtHead, null));
        return null;
    }

    private TimeSpan WaitFor() => Journal.Kind == JournalName.Changes ? _options.Wait : TimeSpan.Zero;

    /// <summary>Ends early when somebody wakes the puller.</summary>
    private async Task SleepAsync(TimeSpan pause, CancellationToken cancellation)
    {
        using var awake = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sleep = Pauses.SleepAsync(pause, _clock, awake.Token);
        var woken = _wake.Reader.WaitToReadAsync(awake.Token).AsTask();
        await Task.WhenAny(sleep, woken);
        await awake.CancelAsync();
        await sleep;
        await ((Task)woken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _wake.Reader.TryRead(out _);
    }

    private void Fail(string failure)
    {
        if (State.Failure != failure)
        {
            LogFailed(_logger, Journal.ToString(), failure);
        }

        Volatile.Write(ref _state, State with { Failure = failure, AtHead = false });
    }

    [LoggerMessage(LogLevel.Warning, "Journal {Journal} can't be pulled: {Failure}. Trying again.")]
    private static partial void LogFailed(ILogger logger, string journal, string failure);

    [LoggerMessage(LogLevel.Information, "Journal {Journal} is pulled again.")]
    private static partial void LogBack(ILogger logger, string journal);
}
