using Dapr.Client;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>What a site says when its journal moved. Lost, doubled or late: it costs nothing but time.</summary>
/// <param name="Journal">The journal's name.</param>
/// <param name="Head">Its last position.</param>
public sealed record Announcement(string Journal, string Head);

/// <summary>Announces a journal's head on <c>wan</c>, at most every 100 ms while writes go on.</summary>
public sealed partial class JournalAnnouncer(Journal journal, DaprClient dapr, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    /// <summary>The pub/sub component between sites.</summary>
    public const string PubSub = "wan";

    /// <summary>The topic of announcements.</summary>
    public const string Topic = "journals";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    /// <summary>Starts announcing.</summary>
    public void Start() => _loop = RunAsync(_stop.Token);

    private async Task RunAsync(CancellationToken cancellation)
    {
        var said = Position.Start;
        try
        {
            while (true)
            {
                await journal.WaitAsync(said, cancellation);
                said = journal.Head;
                await SayAsync(said, cancellation);
                await Task.Delay(Pause, clock, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task SayAsync(Position head, CancellationToken cancellation)
    {
        try
        {
            await dapr.PublishEventAsync(PubSub, Topic, new Announcement(journal.Name.ToString(), head.ToString()), cancellation);
        }
        catch (Dapr.DaprException error)
        {
            LogUnsaid(logger, journal.Name.ToString(), error.Message);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Debug, "Journal {Journal} could not be announced ({Reason}); peers poll.")]
    private static partial void LogUnsaid(ILogger logger, string journal, string reason);
}
