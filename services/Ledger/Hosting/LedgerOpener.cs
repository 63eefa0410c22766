using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger.Hosting;

/// <summary>Opens the site's ledger, and its witness, as soon as their keys can be read, and closes them with the service.</summary>
internal sealed partial class LedgerOpener(
    DaprClient dapr, SiteSecrets secrets, SiteIdentity identity, MeshDirectory directory, SequencerOptions options, TimeProvider clock, ILoggerFactory loggers, ILogger<LedgerOpener> logger)
    : StoreOpener<OpenLedger>(logger)
{
    private const string LogName = "audit";
    private const string WitnessName = "witness";

    /// <summary>What it waits for, for people; null: it takes entries.</summary>
    public string? Waiting => Store is { } open ? open.Sequencer.Status.Reason : Awaited;

    protected override async Task<OpenLedger> OpenAsync(OwnedParts parts, CancellationToken cancellation)
    {
        var (seed, witnessSeed) = (await secrets.GetAsync(SiteSecrets.LedgerKey, cancellation), await secrets.GetAsync(SiteSecrets.WitnessKey, cancellation));
        var (key, witnessKey) = (parts.Own(LedgerKey.FromSeed(LedgerKey.OriginOf(identity.Site), seed)), parts.Own(LedgerKey.FromSeed(LedgerKey.WitnessOf(identity.Site), witnessSeed)));
        var store = new DaprLedgerStore(dapr, identity.Site, LogName);
        var cosignatures = new Cosignatures(key.VerifierKey, store);
        var sequencer = parts.Own(new Sequencer(key, store, clock, options, loggers.CreateLogger<Sequencer>()));
        var witness = new Witness(witnessKey, OtherLogs(), new DaprLedgerStore(dapr, identity.Site, WitnessName), clock);
        return new OpenLedger(key.VerifierKey, sequencer, new LedgerReader(store, sequencer, cosignatures), cosignatures, witness);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await base.ExecuteAsync(stoppingToken);
        if (Store is { } open)
        {
            await LoadCosignaturesAsync(open.Cosignatures, stoppingToken);
        }
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
            LogUnread(logger, error.Message);
        }
    }

    private IEnumerable<VerifierKey> OtherLogs() => directory.Sites.Where(s => s.Name != directory.Self)
        .Select(s => VerifierKey.TryParse(s.LedgerKey, out var key) && key.Name == LedgerKey.OriginOf(s.Name) ? key : null).OfType<VerifierKey>();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cosignatures that were kept could not be read; the witnesses give others: {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
