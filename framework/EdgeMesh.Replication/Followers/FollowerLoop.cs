using EdgeMesh.Replication.Storage;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>Where a follower stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Position">How far it has come.</param>
/// <param name="Lag">Batches between it and the journal's head.</param>
/// <param name="Failure">Why the last attempt failed; null when it did not.</param>
public sealed record FollowerState(string Name, Position Position, long Lag, string? Failure);

/// <summary>Runs a follower: brings it every record in order, again after a failure, and says where it stands. It can be stopped and
/// started, replayed, and rebuilt; these are called one after the other, not at once.</summary>
public sealed partial class FollowerLoop(Journal journal, IFollower follower, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private const int RecordsPerPage = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private CancellationTokenSource? _stop;
    private Task _loop = Task.CompletedTask;
    private Stand _stand = new(Position.Start, null);
    private Position? _replayFrom;

    /// <summary>The follower's name.</summary>
    public string Name => follower.Name;

    /// <summary>How far it has come.</summary>
    public Position Position => Volatile.Read(ref _stand).Position;

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? Failure => Volatile.Read(ref _stand).Failure;

    /// <summary>Whether it has reached the journal's head.</summary>
    public bool IsCaughtUp => Failure is null && Position >= journal.Head;

    /// <summary>Where it stands.</summary>
    public FollowerState State
    {
        get
        {
            var stand = Volatile.Read(ref _stand);
            return new FollowerState(Name, stand.Position, LagOf(stand.Position), stand.Failure);
        }
    }

    /// <summary>Starts following; does nothing when it does already.</summary>
    public void Start()
    {
        if (_stop is null)
        {
            _stop = new CancellationTokenSource();
            _loop = Task.Run(() => RunAsync(_stop.Token));
        }
    }

    /// <summary>Finishes the stretch in hand, if it does so when cancelled, and stops; <see cref="Start"/> goes on from there.</summary>
    public async Task StopAsync()
    {
        if (_stop is { } stop)
        {
            await stop.CancelAsync();
            await _loop;
            stop.Dispose();
            _stop = null;
        }
    }

    /// <summary>Brings everything after a position again; the follower keeps its output and must not mind.</summary>
    public async Task ReplayAsync(Position after)
    {
        await StopAsync();
        _replayFrom = after;
        Move(new Stand(after, null));
        Start();
    }

    /// <summary>Has the follower drop its output, and brings everything from the start.</summary>
    /// <exception cref="NotSupportedException">The follower can't drop its output.</exception>
    public async Task RebuildAsync(CancellationToken cancellation)
    {
        await StopAsync();
        try
        {
            await follower.ResetAsync(cancellation);
            Move(new Stand(Position.Start, null));
        }
        finally
        {
            Start();
        }
    }

    /// <summary>Returns once the follower has applied everything up to a position: what was written before is in its output.</summary>
    public async Task ReachAsync(Position position, CancellationToken cancellation)
    {
        while (true)
        {
            var stand = Volatile.Read(ref _stand);
            if (stand.Position >= position)
            {
                return;
            }

            await stand.Moved.WaitAsync(cancellation);
        }
    }

    /// <summary>Stops.</summary>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task RunAsync(CancellationToken cancellation)
    {
        var (failures, isOpen) = (0, false);
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                if (!isOpen)
                {
                    Move(new Stand(_replayFrom ?? await follower.GetPositionAsync(cancellation), Failure));
                    isOpen = true;
                }

                await StepAsync(cancellation);
                failures = 0;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // A follower may fail in any way; it is asked where it stands and gets the stretch again.
                isOpen = false;
                failures++;
                Fail(error);
                await Pauses.SleepAsync(Pauses.After(FirstPause, failures), clock, cancellation);
            }
        }
    }

    private async Task StepAsync(CancellationToken cancellation)
    {
        var page = await journal.ReadAsync(Position, RecordsPerPage, follower.Reads, cancellation);
        if (page.Records.Length == 0)
        {
            Move(new Stand(Position, null));
            await journal.WaitAsync(Position, cancellation);
            return;
        }

        await follower.ApplyAsync(page, cancellation);
        _replayFrom = null;
        Move(new Stand(page.Next, null));
    }

    private void Fail(Exception error)
    {
        if (Failure != error.Message)
        {
            LogFailed(logger, error, follower.Name, journal.Name.ToString());
        }

        Move(new Stand(Position, error.Message));
    }

    private void Move(Stand stand)
    {
        var before = Volatile.Read(ref _stand);
        if (before.Position != stand.Position || before.Failure != stand.Failure)
        {
            Volatile.Write(ref _stand, stand);
            before.Signal();
        }
    }

    private long LagOf(Position position) => JournalHead.Epochs(journal.Core.Head.Value)
        .Sum(e => e.Epoch > position.Epoch ? e.Last : e.Epoch == position.Epoch ? Math.Max(0, e.Last - position.Batch) : 0);

    [LoggerMessage(LogLevel.Error, "Follower {Follower} of {Journal} failed; it gets the stretch again")]
    private static partial void LogFailed(ILogger logger, Exception error, string follower, string journal);

    /// <summary>Replaced as a whole, so that nobody sees half a position.</summary>
    private sealed record Stand(Position Position, string? Failure)
    {
        private readonly TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Moved => _moved.Task;

        public void Signal() => _moved.TrySetResult();
    }
}
