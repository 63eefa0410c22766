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
internal sealed class RecordsStore
{
    /// <summary>For what precondition and share policy do once the followers they wait for are there.</summary>
    private static readonly TimeSpan DecisionTime = TimeSpan.FromSeconds(10);

    private readonly JournalAnnouncer _announcer;

    private RecordsStore(
        Journal changes, Journal access, Keyring.Keyring keyring, DerivedKeys derived, SearchIndex index, SharingRoom sharing, OwnedParts parts, IServiceProvider services)
    {
        (Changes, Access, Sharing, Rows) = (changes, access, sharing, index.Rows);
        var (directory, apps, backing) = (services.GetRequiredService<MeshDirectory>(), services.GetRequiredService<AppClients>(), services.GetRequiredService<RecordsBacking>());
        var (identity, clock, options) = (services.GetRequiredService<SiteIdentity>(), services.GetRequiredService<TimeProvider>(), services.GetRequiredService<IOptions<RecordsOptions>>());
        var (model, parameters, tokens, cache) = (services.GetRequiredService<FhirModel>(), services.GetRequiredService<SearchParameters>(), new IndexTokens(derived.Tokens), new ExtractionCache());
        var extractor = new IndexExtractor(parameters, tokens);
        Vault = new ResourceVault(keyring, model, extractor);
        Projection = parts.Own(new FollowerLoop(
            changes, new SearchProjection(index.Writer, Vault, cache, () => changes.Head, services.GetRequiredService<ILogger<SearchProjection>>()), clock,
            services.GetRequiredService<ILogger<FollowerLoop>>()));

        var parser = new SearchParser(parameters, tokens, options);
        var gate = new AccessGate(services.GetRequiredService<AccessDecider>(), parser, tokens, Rows);
        var loops = services.GetRequiredService<ILogger<FollowerLoop>>();
        var sealer = new AuditSealer(identity, keyring, new AccessLog(services.GetRequiredService<ILoggerFactory>()));
        var cursors = new CursorSeal(derived.Cursors);
        var freshness = services.GetRequiredService<ConsentFreshness>();
        sharing.Join(changes, Projection, Rows, tokens, freshness, clock, loops);
        parts.Own(sharing);
        Audit = parts.Own(new AuditRoom(Journals, sealer, keyring, cursors, backing.Journals, identity, apps, clock, loops));
        string[] mirrored = directory.This.IsCore ? [JournalName.Changes, JournalName.Access] : [];
        Links = parts.Own(new MeshLinks(directory, changes, backing.Journals, mirrored, apps, clock, services.GetRequiredService<ILogger<MeshLinks>>(), freshness.Reached));
        _announcer = parts.Own(new JournalAnnouncer(changes, services.GetRequiredService<DaprClient>(), clock, services.GetRequiredService<ILogger<JournalAnnouncer>>()));
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

    public static async Task<RecordsStore> OpenAsync(IServiceProvider services, OwnedParts parts, CancellationToken cancellation)
    {
        var (identity, secrets, backing) = (services.GetRequiredService<SiteIdentity>(), services.GetRequiredService<SiteSecrets>(), services.GetRequiredService<RecordsBacking>());
        var keys = SiteKeys.FromBase64(
            await secrets.GetAsync(SiteSecrets.SiteKey, cancellation), await secrets.GetAsync(SiteSecrets.PseudonymKey, cancellation), await secrets.GetAsync(SiteSecrets.ExchangeKey, cancellation));
        var (keyring, derived) = (parts.Own(new Keyring.Keyring(keys, backing.Keys)), DerivedKeys.Of(keys));
        var directory = Directory.CreateDirectory(Path.Combine(identity.DataDirectory, "records")).FullName;
        var index = parts.Own(new SearchIndex(Path.Combine(directory, "search.db"), derived.Fingerprint(), derived.Facts));
        var clock = services.GetRequiredService<TimeProvider>();
        var limit = TimeSpan.FromSeconds(services.GetRequiredService<IOptions<RecordsOptions>>().Value.ProjectionSeconds);
        var sharing = new SharingRoom(
            identity, services.GetRequiredService<MeshDirectory>(), keyring, services.GetRequiredService<ConsentIndex>(), services.GetRequiredService<FhirModel>(), clock, limit);
        var changes = await OpenAsync(JournalName.Changes, sharing.Policy);
        var access = await OpenAsync(JournalName.Access, new ShareNothing());
        var store = new RecordsStore(changes, access, keyring, derived, index, sharing, parts, services);
        store.Start();
        return store;

        async Task<Journal> OpenAsync(string kind, ISharePolicy policy) => parts.Own(await Journal.OpenAsync(
            new JournalName(identity.Site, RecordsApp.AppId, kind), backing.Journals,
            // Whoever waits for a follower says which, before the journal says that something took too long.
            new JournalOptions { Clock = clock, SharePolicy = policy, DecisionLimit = limit + DecisionTime, MarkerPath = Path.Combine(directory, $"{kind}.epoch") }, cancellation));
    }

    private void Start()
    {
        Projection.Start();
        Sharing.Start();
        Audit.Start();
        Links.Start();
        _announcer.Start();
    }
}
