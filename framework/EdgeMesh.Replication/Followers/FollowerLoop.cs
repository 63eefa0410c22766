using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>Runs a follower: brings it every record in order, again after a failure, and says where it stands.</summary>
public sealed partial class FollowerLoop(Journal journal, IFollower follower, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private const int RecordsPerPage = 500;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The follower's name.</summary>
    public string Name => follower.Name;

    /// <summary>How far it has come.</summary>
    public Position Position { get; private set; }

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Whether it has reached the journal's head.</summary>
    public bool IsCaughtUp => Failure is null && Position >= journal.Head;

    /// <summary>Starts following.</summary>
    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Returns once the follower has applied everything up to a position: what was written before is in its output.</summary>
    public async Task ReachAsync(Position position, CancellationToken cancellation)
    {
        while (Position < position)
        {
            var moved = Volatile.Read(ref _moved).Task;
            if (Position < position)
            {
                await moved.WaitAsync(cancellation);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        var (pause, opened) = (FirstPause, false);
        while (true)
        {
            try
            {
                if (!opened)
                {
                    Move(await follower.GetPositionAsync(cancellation));
                    opened = true;
                }

                await StepAsync(cancellation);
                (pause, Failure) = (FirstPause, null);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // A follower may fail in any way; it is asked where it stands and gets the stretch again.
                opened = false;
                if (Failure != error.Message)
                {
                    LogFailed(logger, error, follower.Name, journal.Name.ToString());
                }

                Failure = error.Message;
                if (!await PauseAsync(pause * (0.5 + Random.Shared.NextDouble()), cancellation))
                {
                    return;
                }

                pause = pause >= LongestPause ? LongestPause : pause * 2;
            }
        }
    }

    private async Task StepAsync(CancellationToken cancellation)
    {
        var page = await journal.ReadAsync(Position, RecordsPerPage, follower.Reads, cancellation);
        if (page.Records.Length == 0)
        {
            await journal.WaitAsync(Position, cancellation);
            return;
        }

        await follower.ApplyAsync(page, cancellation);
        Move(page.Next);
    }

    private async Task<bool> PauseAsync(TimeSpan pause, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(pause, clock, cancellation);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Move(Position position)
    {
        Position = position;
        Interlocked.Exchange(ref _moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>Finishes the stretch in hand and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "Follower {Follower} of {Journal} failed; it gets the stretch again")]
    private static partial void LogFailed(ILogger logger, Exception error, string follower, string journal);
}
