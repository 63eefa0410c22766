using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Sharing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Records.Tests.Sharing;

/// <summary>The owner's side of sharing with a clock that tests move: journal and keys in memory, the real projection, no sidecar.</summary>
internal sealed class SharingSite : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-sharing-");
    private readonly Keyring.Keyring _keyring = new(SiteKeys.Generate(), new MemoryKeyStore());
    private readonly FhirModel _model = new();
    private readonly FactsSeal _seal = new(new byte[32]);
    private readonly ProjectionFile _file;
    private readonly ProjectionWriter _writer;
    private readonly ResourceVault _vault;
    private int _ids;

    private SharingSite()
    {
        _file = new ProjectionFile(Path.Combine(_folder.FullName, "search.db"), "test");
        _writer = new ProjectionWriter(_file, _seal);
        Tokens = new IndexTokens(new byte[32]);
        _vault = new ResourceVault(_keyring, _model, new IndexExtractor(new SearchParameters(), Tokens));
        var identity = new SiteIdentity(RecordsHost.Site, RecordsApp.AppId, _folder.FullName);
        Freshness = new ConsentFreshness(identity, Options.Create(new RecordsOptions()), Clock, NullLogger<ConsentFreshness>.Instance);
        Room = new SharingRoom(identity, RecordsHost.Mesh, _keyring, Index, _model, Clock, TimeSpan.FromSeconds(15));
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero));

    public ConsentIndex Index { get; } = new();

    public ConsentFreshness Freshness { get; }

    public IndexTokens Tokens { get; }

    public SharingRoom Room { get; }

    public Journal Journal { get; private set; } = null!;

    public FollowerLoop Projection { get; private set; } = null!;

    /// <summary>Null follower: the real search projection.</summary>
    public static async Task<SharingSite> OpenAsync(IFollower? projection = null, bool watches = true)
    {
        var site = new SharingSite();
        site.Journal = await Journal.OpenAsync(
            new JournalName(RecordsHost.Site, RecordsApp.AppId, JournalName.Changes), new MemoryJournalStore(),
            new JournalOptions { Clock = site.Clock, SharePolicy = site.Room.Policy, DecisionLimit = TimeSpan.FromMinutes(1) }, TestContext.Current.CancellationToken);
        projection ??= new SearchProjection(site._writer, site._vault, new ExtractionCache(), () => site.Journal.Head, NullLogger<SearchProjection>.Instance);
        site.Projection = new FollowerLoop(site.Journal, projection, site.Clock, NullLogger.Instance);
        site.Room.Join(site.Journal, site.Projection, new ProjectionReader(site._file, site._seal), site.Tokens, site.Freshness, site.Clock, NullLogger<FollowerLoop>.Instance);
        site.Projection.Start();
        if (watches)
        {
            site.Room.Start();
        }
        else
        {
            site.Room.Consents.Start();
        }

        return site;
    }

    /// <summary>Writes a resource's first version, or the next one of a key.</summary>
    public async Task<DocumentKey> WriteAsync(JsonNode resource, DocumentKey? known = null)
    {
        var key = known ?? new DocumentKey(resource["resourceType"]!.ToString(), $"clinic-a-{Interlocked.Increment(ref _ids)}");
        resource["id"] = key.Id;
        var json = Encoding.UTF8.GetBytes(resource.ToJsonString());
        var body = await _vault.SealAsync(_vault.Index(json), json, TestContext.Current.CancellationToken);
        var before = await Journal.GetAsync(key, TestContext.Current.CancellationToken);
        var result = await Journal.CommitAsync(new Commit { Changes = [new Change(key, before?.Frontier, body)] }, TestContext.Current.CancellationToken);
        Assert.IsType<CommitResult.Committed>(result);
        return key;
    }

    /// <summary>Lets time pass, and then as many ticks of the owner's watch as something takes to come about.</summary>
    public async Task PassAsync(TimeSpan time, Func<Task<bool>> isDone)
    {
        Clock.Advance(time);
        while (!await isDone())
        {
            Clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Every share change so far, in order.</summary>
    public async Task<List<ShareChange>> SharesAsync() =>
        [.. (await Journal.ReadAsync(Position.Start, 1000, TestContext.Current.CancellationToken)).Records.Select(r => r.Share).OfType<ShareChange>()];

    public async ValueTask DisposeAsync()
    {
        await Room.DisposeAsync();
        await Projection.DisposeAsync();
        await Journal.DisposeAsync();
        _writer.Dispose();
        _file.Release();
        _seal.Dispose();
        _keyring.Dispose();
        _folder.Delete(recursive: true);
    }
}
