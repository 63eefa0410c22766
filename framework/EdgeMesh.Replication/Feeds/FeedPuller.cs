using Microsoft.Extensions.Logging;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Where a puller stands.</summary>
/// <param name="Journal">What it pulls.</param>
/// <param name="Position">How far it has applied.</param>
/// <param name="AtHead">Whether nothing more was there when it asked last.</param>
/// <param name="LastContact">When the site answered last; null: not since the start.</param>
/// <param name="Failure">Why the last attempt failed; null when it did not.</param>
public sealed record PullerState(string Journal, string Position, bool AtHead, DateTimeOffset? LastContact, string? Failure);

/// <summary>Pulls one foreign journal: woken by announcements, else by a slow poll; backs off while the link is away.</summary>
public abstract partial class FeedPuller : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    private readonly FeedReader _reader;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private Task _loop = Task.CompletedTask;

    private protected FeedPuller(JournalName journal, FeedReader reader, TimeProvider clock, ILogger logger)
    {
        (Journal, _reader, _clock, _logger) = (journal, reader, clock, logger);
        State = new PullerState(journal.ToString(), Position.Start.ToString(), false, null, null);
    }

    /// <summary>What it pulls.</summary>
    public JournalName Journal { get; }

    /// <summary>Where it stands; replaced as a whole.</summary>
    public PullerState State { get; private set; }

    /// <summary>Starts pulling.</summary>
    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Asks soon: somebody announced that the journal moved.</summary>
    public void Wake()
    {
        if (_wake.CurrentCount == 0)
        {
            try
            {
                _wake.Release();
            }
            catch (SemaphoreFullException)
            {
                // Two announcements at once: one wake is enough.
            }
        }
    }

    private protected abstract ValueTask<Position> PositionAsync(CancellationToken cancellation);

    private protected abstract ValueTask ApplyAsync(Wire.FeedPage page, CancellationToken cancellation);

    private async Task RunAsync(CancellationToken cancellation)
    {
        var pause = FirstPause;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var failure = await PullAsync(cancellation);
                pause = failure is null ? Poll : pause >= Poll ? Poll : pause * 2;
                if (failure is not null)
                {
                    Fail(failure);
                }

                await _wake.WaitAsync(pause * (0.75 + Random.Shared.NextDouble() / 2), cancellation);
                pause = failure is null ? FirstPause : pause;
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The local store is away, or a page does not apply: the position did not move, so the page comes again.
                Fail(error.Message);
                await Task.Delay(Poll, _clock, CancellationToken.None);
            }
        }
    }

    /// <summary>Pulls until nothing more is there; null, or why it stopped before.</summary>
    private async Task<string?> PullAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var position = await PositionAsync(cancellation);
            var (page, failure) = await _reader.ReadAsync(position, cancellation);
            if (page is null)
            {
                return failure;
            }

            var upTo = Codec.ReadPosition(page.UpTo);
            if (upTo > position)
            {
                await ApplyAsync(page, cancellation);
            }

            State = new PullerState(Journal.ToString(), page.UpTo, page.AtHead, _clock.GetUtcNow(), null);
            if (page.AtHead)
            {
                return null;
            }
        }
    }

    private void Fail(string failure)
    {
        if (State.Failure != failure)
        {
            LogFailed(_logger, Journal.ToString(), failure);
        }

        State = State with { Failure = failure, AtHead = false };
    }

    /// <summary>Finishes the page in hand and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(LogLevel.Warning, "Journal {Journal} can't be pulled: {Failure}. Trying again.")]
    private static partial void LogFailed(ILogger logger, string journal, string failure);
}

/// <summary>Pulls what a peer shares with this site, into this site's own journal.</summary>
public sealed class SharedPuller(Journal local, JournalName remote, HttpClient gateway, TimeProvider clock, ILogger logger)
    : FeedPuller(remote, new FeedReader(gateway, remote, FeedMode.Shared), clock, logger)
{
    // Past what was filtered. In memory alone: writing it would move our journal, whose announcement would make the peer move its own.
    private Position _past;

    private protected override async ValueTask<Position> PositionAsync(CancellationToken cancellation)
    {
        var stored = await local.FeedPositionAsync(Journal, cancellation);
        return stored > _past ? stored : _past;
    }

    private protected override async ValueTask ApplyAsync(Wire.FeedPage page, CancellationToken cancellation)
    {
        if (page.Records.Count > 0)
        {
            await local.ApplyAsync(Journal, page);
        }

        _past = Codec.ReadPosition(page.UpTo);
    }
}

/// <summary>Keeps a verbatim copy of a peer's journal, under that journal's own positions.</summary>
public sealed class MirrorPuller(Mirror mirror, HttpClient gateway, TimeProvider clock, ILogger logger)
    : FeedPuller(mirror.Journal, new FeedReader(gateway, mirror.Journal, FeedMode.Mirror), clock, logger)
{
    private protected override async ValueTask<Position> PositionAsync(CancellationToken cancellation) => (await mirror.StateAsync(cancellation)).Position;

    private protected override ValueTask ApplyAsync(Wire.FeedPage page, CancellationToken cancellation) => mirror.AppendAsync(page, cancellation);
}
