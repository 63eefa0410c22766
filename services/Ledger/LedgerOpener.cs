using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger;

/// <summary>Opens the site's log once its key can be read, and closes it at the end. Until then requests are answered 503.</summary>
internal sealed partial class LedgerOpener(
    SiteIdentity identity, SiteSecrets secrets, DaprClient dapr, TimeProvider clock, ILogger<Sequencer> sequencerLog, ILogger<LedgerOpener> logger) : BackgroundService
{
    private const string Log = "audit";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private string _waitsFor = "the sidecar";
    private LedgerKey? _key;

    /// <summary>Null until the key is there.</summary>
    public OpenLog? Open { get; private set; }

    /// <summary>For <c>/readyz</c>: null when entries are taken.</summary>
    public string? WaitsFor() => Open is not { Sequencer.Status: var status } ? _waitsFor
        : status.Phase == SequencerPhase.Ready ? null
        : status.Reason ?? "the log is being loaded";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = FirstPause; !stoppingToken.IsCancellationRequested; pause = pause >= LongestPause ? LongestPause : pause * 2)
        {
            try
            {
                _key = LedgerKey.FromSeed(LedgerKey.OriginOf(identity.Site), await secrets.GetAsync(SiteSecrets.LedgerKey, stoppingToken));
                var store = new DaprLedgerStore(dapr, identity.Site, Log);
                var sequencer = new Sequencer(_key, store, clock, new SequencerOptions(), sequencerLog);
                Open = new OpenLog(sequencer, new LedgerReader(store, sequencer));
                return;
            }
            catch (Exception error) when (error is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // The sidecar or the secret may be away in any way; /readyz says what is waited for.
                _waitsFor = error.Message;
                LogWaits(logger, error.Message);
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), clock, stoppingToken);
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (Open is { } open)
        {
            Open = null;
            await open.Sequencer.DisposeAsync();
        }

        _key?.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "The ledger can't be opened yet: {Reason}")]
    private static partial void LogWaits(ILogger logger, string reason);
}

/// <summary>The site's log: its writer and its public side.</summary>
internal sealed record OpenLog(Sequencer Sequencer, LedgerReader Reader);
