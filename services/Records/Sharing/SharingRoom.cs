using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;

namespace EdgeMesh.Services.Records.Sharing;

/// <summary>Who may hold what. The policy is made before the journal that it serves, so what it needs of the journal comes with <see cref="Join"/>.</summary>
internal sealed class SharingRoom : IAsyncDisposable
{
    private readonly ConsentIndex _index;
    private readonly ConsentBodies _bodies;
    private readonly string _site;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _limit;
    private Journal? _changes;
    private FollowerLoop? _consents;
    private ConsentWatch? _watch;
    private FollowerLoop? _projection;
    private Func<string, IReadOnlyList<DocumentKey>> _find = _ => [];

    public SharingRoom(SiteIdentity identity, MeshDirectory directory, Keyring.Keyring keyring, ConsentIndex index, FhirModel model, TimeProvider clock, TimeSpan limit)
    {
        (_index, _bodies, _site, _clock, _limit) = (index, new ConsentBodies(keyring, model), identity.Site, clock, limit);
        var documents = new PatientDocuments(keyring, () => _changes!, ReachAsync, patient => _find(patient));
        Policy = new ConsentSharePolicy(directory, keyring, index, _bodies, documents, clock);
    }

    public ISharePolicy Policy { get; }

    /// <summary>Follows the change journal; decisions wait for it.</summary>
    public FollowerLoop Consents => _consents!;

    /// <summary>Gives the policy the journal, its projection, and how a patient's documents are found in it.</summary>
    public void Join(Journal changes, FollowerLoop projection, ProjectionReader rows, IndexTokens tokens, ConsentFreshness freshness, TimeProvider clock, ILogger<FollowerLoop> logger)
    {
        (_changes, _projection) = (changes, projection);
        _consents = new FollowerLoop(changes, new ConsentFollower(_index, _bodies), clock, logger);
        _watch = new ConsentWatch(_index, _consents, changes, freshness, clock, logger);
        _find = patient => [.. rows.Find(new SearchQuery(null, [new TokenCriterion([tokens.Compartment(patient)], 0)])).Where(r => r.OwnerSite == _site).Select(r => r.Entry.Key)];
    }

    public void Start()
    {
        _consents!.Start();
        _watch!.Start();
    }

    /// <summary>The one writer waits here, so not for ever.</summary>
    private async Task ReachAsync(Position position, CancellationToken cancellation)
    {
        foreach (var follower in (FollowerLoop[])[_projection!, _consents!])
        {
            try
            {
                await follower.ReachAsync(position, cancellation).WaitAsync(_limit, _clock, cancellation);
            }
            catch (TimeoutException late)
            {
                throw new JournalUnavailableException(
                    $"The follower '{follower.Name}' is at {follower.Position} ({follower.Failure ?? "slow"}), so who may hold what can't be decided. Ask again.", late);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_consents is not null)
        {
            await _watch!.DisposeAsync();
            await _consents.DisposeAsync();
        }
    }
}
