using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger.Hosting;

/// <summary>Opens the site's ledger, and its witness, as soon as their keys can be read, and closes them with the service.</summary>
internal sealed partial class LedgerHost(
    DaprClient dapr, SiteSecrets secrets, SiteIdentity identity, MeshDirectory directory, SequencerOptions options, TimeProvider clock, ILoggerFactory loggers) : BackgroundService
{
    private const string LogName = "audit";
    private const string WitnessName = "witness";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly ILogger _log = loggers.CreateLogger<LedgerHost>();
    private volatile OpenLedger? _open;
    private volatile string _waiting = "the ledger's keys are being read";

    /// <summary>Null until the key was read.</summary>
    public OpenLedger? Open => _open;

    /// <summary>What it waits for, for people; null: it takes entries.</summary>
    public string? Waiting => _open is { } open ? open.Sequencer.Status.Reason : _waiting;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_open is { } open)
        {
            await open.Sequencer.DisposeAsync();
            open.Key.Dispose();
            open.WitnessKey.Dispose();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = FirstPause;
        while (_open is null)
        {
            try
            {
                var (seed, witnessSeed) = (await secrets.GetAsync(SiteSecrets.LedgerKey, stoppingToken), await secrets.GetAsync(SiteSecrets.WitnessKey, stoppingToken));
                var (key, witnessKey) = (LedgerKey.FromSeed(LedgerKey.OriginOf(identity.Site), seed), LedgerKey.FromSeed(LedgerKey.WitnessOf(identity.Site), witnessSeed));
                var store = new DaprLedgerStore(dapr, identity.Site, LogName);
                var cosignatures = new Cosignatures(key.VerifierKey, store);
                var sequencer = new Sequencer(key, store, clock, options, loggers.CreateLogger<Sequencer>());
                var witness = new Witness(witnessKey, OtherLogs(), new DaprLedgerStore(dapr, identity.Site, WitnessName), clock);
                _open = new OpenLedger(key, sequencer, new LedgerReader(store, sequencer, cosignatures), cosignatures, witness, witnessKey);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // The sidecar may not be there yet, or the secret; both come without a restart, in their own time, whatever clock a
                // test gave to this service.
                _waiting = $"the secrets '{SiteSecrets.LedgerKey}' and '{SiteSecrets.WitnessKey}': {error.Message}";
                LogWaiting(_waiting);
                await Task.Delay(pause, TimeProvider.System, stoppingToken);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }

        await LoadCosignaturesAsync(_open.Cosignatures, stoppingToken);
    }

    /// <summary>Beside the log, which takes entries without them: what can't be read, the witnesses give again.</summary>
    private async Task LoadCosignaturesAsync(Cosignatures cosignatures, CancellationToken cancellation)
    {
        try
        {
            await cosignatures.LoadAsync(cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            LogUnread(error.Message);
        }
    }

    private IEnumerable<VerifierKey> OtherLogs() => directory.Sites.Where(s => s.Name != directory.Self)
        .Select(s => VerifierKey.TryParse(s.LedgerKey, out var key) && key.Name == LedgerKey.OriginOf(s.Name) ? key : null).OfType<VerifierKey>();

    [LoggerMessage(Level = LogLevel.Debug, Message = "The ledger waits for {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cosignatures that were kept could not be read; the witnesses give others: {Reason}")]
    private partial void LogUnread(string reason);
}
