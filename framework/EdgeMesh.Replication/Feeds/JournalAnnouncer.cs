using System.Diagnostics;
using EdgeMesh.Replication.Storage;
using Dapr.Client;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>What a site says when its journal moved. Lost, doubled or late: it costs nothing but time.</summary>
/// <param name="Journal">The journal's name.</param>
/// <param name="Head">Its last position.</param>
public sealed record Announcement(string Journal, string Head);

/// <summary>Announces a journal's head on <c>wan</c>, at most every 100 ms while writes go on. Journals of accesses are never announced:
/// reading wakes nobody.</summary>
public sealed partial class JournalAnnouncer : IAsyncDisposable
{
    /// <summary>The pub/sub component between sites.</summary>
    public const string PubSub = "wan";

    /// <summary>The topic of announcements.</summary>
    public const string Topic = "journals";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(2);

    private readonly Journal _journal;
    private readonly Func<Announcement, CancellationToken, Task> _publish;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Announces by Dapr.</summary>
    public JournalAnnouncer(Journal journal, DaprClient dapr, TimeProvider clock, ILogger logger)
        : this(journal, (announcement, cancellation) => dapr.PublishEventAsync(PubSub, Topic, announcement, cancellation), clock, logger)
    {
    }

    internal JournalAnnouncer(Journal journal, Func<Announcement, CancellationToken, Task> publish, TimeProvider clock, ILogger logger)
    {
        (_journal, _publish, _clock, _logger) = (journal, publish, clock, logger);
        if (journal.Name.Kind != JournalName.Changes)
        {
            throw new ArgumentException($"Journal '{journal.Name}' is never announced.", nameof(journal));
        }
    }

    /// <summary>Starts announcing.</summary>
    public void Start() => _loop = Task.Run(() => RunAsync(_stop.Token));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        var said = Position.Start;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await _journal.WaitAsync(said, cancellation);
                var head = _journal.Head;
                using (Span())
                {
                    await _publish(new Announcement(_journal.Name.ToString(), head.ToString()), cancellation);
                }

                said = head;
                await Pauses.SleepAsync(Pause, _clock, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The broker or the link is away. Peers poll; they are told the head of then.
                LogUnsaid(_logger, _journal.Name.ToString(), error.Message);
                await Pauses.SleepAsync(FailurePause, _clock, cancellation);
            }
        }
    }

    /// <summary>In the trace of the news; without one the announcement begins none.</summary>
    private Activity? Span() =>
        _journal.Core.TakeNewsTrace() is { TraceId: var id } news && id != default ? _journal.Core.Spans.StartActivity($"announce {_journal.Name}", ActivityKind.Producer, news) : null;

    [LoggerMessage(LogLevel.Debug, "Journal {Journal} could not be announced ({Reason}); peers poll.")]
    private static partial void LogUnsaid(ILogger logger, string journal, string reason);
}
