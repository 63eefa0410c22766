using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Interactions;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using EdgeMesh.Services.Records.Sharing;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Store;

/// <summary>The opened journals, what follows them, and the service that stands on both. Opened once, when the sidecar answers.</summary>
internal sealed class RecordsStore : IAsyncDisposable
{
    /// <summary>For what precondition and share policy do once the followers they wait for are there.</summary>
    private static readonly TimeSpan DecisionTime = TimeSpan.FromSeconds(10);

    private readonly ProjectionFile _file;
    private readonly ProjectionWriter _writer;
    private readonly FactsSeal _seal;
    private readonly JournalAnnouncer _announcer;
    private readonly Keyring.Keyring _keyring;

    private RecordsStore(Journal changes, Journal access, Keyring.Keyring keyring, SiteKeys keys, SharingRoom sharing, IServiceProvider services)
    {
        (Changes, Access, _keyring, Sharing) = (changes, access, keyring, sharing);
        var (directory, apps, backing) = (services.GetRequiredService<MeshDirectory>(), services.GetRequiredService<AppClients>(), services.GetRequiredService<RecordsBacking>());
        var (identity, clock, options) = (services.GetRequiredService<SiteIdentity>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<IOptions<RecordsOptions>>());
        var derived = DerivedKeys.Of(keys);
        var (model, parameters, tokens, cache) = (services.GetRequiredService<FhirModel>(), services.GetRequiredService<SearchParameters>(), new IndexTokens(derived.Tokens), new ExtractionCache());
        _seal = new FactsSeal(derived.Facts);
        _file = new ProjectionFile(Path.Combine(identity.DataDirectory, "records", "search.db"), derived.Fingerprint());
        _writer = new ProjectionWriter(_file, _seal);
        var extractor = new IndexExtractor(parameters, tokens);
        Vault = new ResourceVault(keyring, model, extractor);
        Rows = new ProjectionReader(_file, _seal);
        Projection = new FollowerLoop(
            changes, new SearchProjection(_writer, Vault, cache, () => changes.Head, services.GetRequiredService<ILogger<SearchProjection>>()), clock,
            services.GetRequiredService<ILogger<FollowerLoop>>());

        var parser = new SearchParser(parameters, tokens, options);
        var gate = new AccessGate(services.GetRequiredService<AccessDecider>(), parser, tokens, Rows);
        var loops = services.GetRequiredService<ILogger<FollowerLoop>>();
        var sealer = new AuditSealer(identity, keyring, new AccessLog(services.GetRequiredService<ILoggerFactory>()));
        var cursors = new CursorSeal(derived.Cursors);
        Audit = new AuditRoom(Journals, sealer, keyring, cursors, backing.Journals, identity, apps, clock, loops);
        var freshness = services.GetRequiredService<ConsentFreshness>();
        sharing.Join(changes, Projection, Rows, tokens, freshness, clock, loops);
        string[] mirrored = directory.This.IsCore ? [JournalName.Changes, JournalName.Access] : [];
        Links = new MeshLinks(directory, changes, backing.Journals, mirrored, apps, clock, services.GetRequiredService<ILogger<MeshLinks>>(), freshness.Reached);
        _announcer = new JournalAnnouncer(changes, services.GetRequiredService<DaprClient>(), clock, services.GetRequiredService<ILogger<JournalAnnouncer>>());
        var recorder = new AccessRecorder(sealer, access);
        var loader = new PageLoader(changes, Vault, gate, options);
        var resolver = new ReferenceResolver(Rows, parser, gate, identity, directory);
        var planner = new WritePlanner(changes, Rows, resolver, extractor, model, gate, new ConditionLimiter(clock, options.Value.AmbiguousConditionsPerMinute), services.GetRequiredService<ResourceIds>(), identity);
        var engine = new WriteEngine(
            changes, planner, new Preconditions(Projection, Rows, cache, Vault, identity.Site, clock, options), Vault, cache, recorder, Projection, clock, options,
            services.GetRequiredService<ILogger<WriteEngine>>());
        var (reads, entries) = (new ReadInteraction(changes, Vault, gate, new RemoteRecords(directory, apps)), new WriteEntries(model, parser));
        Fhir = new FhirService(
            gate, reads, new HistoryInteraction(changes, Vault, gate, parser, cursors, options),
            new SearchInteraction(parser, Rows, loader, gate, cursors, clock, options),
            new EverythingInteraction(tokens, parser, Rows, loader, gate, cursors, clock, options),
            new WriteInteraction(model, entries, engine, reads), new BundleInteraction(model, entries, engine, gate, options), Audit.Search, recorder, clock);
    }

    public Journal Changes { get; }

    public Journal Access { get; }

    /// <summary>Follows <see cref="Changes"/>.</summary>
    public FollowerLoop Projection { get; }

    public ProjectionReader Rows { get; }

    public ResourceVault Vault { get; }

    public FhirService Fhir { get; }

    public SharingRoom Sharing { get; }

    public AuditRoom Audit { get; }

    public MeshLinks Links { get; }

    public IReadOnlyList<Journal> Journals => [Changes, Access];

    public static async Task<RecordsStore> OpenAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var (identity, secrets, backing) = (services.GetRequiredService<SiteIdentity>(), services.GetRequiredService<SiteSecrets>(), services.GetRequiredService<RecordsBacking>());
        var keys = SiteKeys.FromBase64(
            await secrets.GetAsync(SiteSecrets.SiteKey, cancellation), await secrets.GetAsync(SiteSecrets.PseudonymKey, cancellation), await secrets.GetAsync(SiteSecrets.ExchangeKey, cancellation));
        var keyring = new Keyring.Keyring(keys, backing.Keys);
        var directory = Directory.CreateDirectory(Path.Combine(identity.DataDirectory, "records")).FullName;
        var clock = services.GetRequiredService<TimeProvider>();
        var limit = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<RecordsOptions>>().Value.ProjectionSeconds);
        var sharing = new SharingRoom(
            identity, services.GetRequiredService<MeshDirectory>(), keyring, services.GetRequiredService<ConsentIndex>(), services.GetRequiredService<FhirModel>(), clock, limit);
        var changes = await OpenAsync(JournalName.Changes, sharing.Policy);
        var access = await OpenAsync(JournalName.Access, new ShareNothing());
        var store = new RecordsStore(changes, access, keyring, keys, sharing, services);
        store.Start();
        return store;

        Task<Journal> OpenAsync(string kind, ISharePolicy policy) => Journal.OpenAsync(
            new JournalName(identity.Site, RecordsApp.AppId, kind), backing.Journals,
            // Whoever waits for a follower says which, before the journal says that something took too long.
            new JournalOptions { Clock = clock, SharePolicy = policy, DecisionLimit = limit + DecisionTime, MarkerPath = Path.Combine(directory, $"{kind}.epoch") }, cancellation);
    }

    private void Start()
    {
        Projection.Start();
        Sharing.Start();
        Audit.Start();
        Links.Start();
        _announcer.Start();
    }

    /// <summary>Stops followers before what they follow.</summary>
    public async ValueTask DisposeAsync()
    {
        await Links.DisposeAsync();
        await _announcer.DisposeAsync();
        await Audit.DisposeAsync();
        await Sharing.DisposeAsync();
        await Projection.DisposeAsync();
        await Changes.DisposeAsync();
        await Access.DisposeAsync();
        _writer.Dispose();
        _file.Release();
        _seal.Dispose();
        _keyring.Dispose();
    }
}
