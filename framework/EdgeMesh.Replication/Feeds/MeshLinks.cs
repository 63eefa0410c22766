using EdgeMesh.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>A service's part in the mesh: pulls what its peers at other sites share, keeps verbatim copies of their journals where asked to,
/// and wakes when a peer announces that its journal moved.</summary>
public sealed class MeshLinks : IAsyncDisposable
{
    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(30);

    private readonly List<FeedPuller> _pullers = [];

    /// <summary>Links a service's change journal with those of the same service at every linked site.</summary>
    /// <param name="directory">The sites.</param>
    /// <param name="changes">The journal to which foreign records are applied.</param>
    /// <param name="store">Where copies are kept.</param>
    /// <param name="mirrored">Kinds of journals of which this site keeps verbatim copies; empty: none.</param>
    /// <param name="apps">Reaches the local gateway.</param>
    /// <param name="clock">For pauses.</param>
    /// <param name="logger">Told when a link goes and comes.</param>
    /// <param name="reached">Told the site whenever everything that it shares has been applied, be it nothing new; null: nobody.</param>
    public MeshLinks(
        MeshDirectory directory, Journal changes, IJournalStore store, IReadOnlyList<string> mirrored, AppClients apps, TimeProvider clock, ILogger<MeshLinks> logger,
        Action<string>? reached = null)
    {
        var gateway = apps.Get("gateway", PageLimit);
        foreach (var peer in directory.Sites.Where(s => s.Name != directory.Self && s.MeshUrl is not null))
        {
            _pullers.Add(new SharedPuller(changes, changes.Name with { Site = peer.Name, Kind = JournalName.Changes }, gateway, clock, logger, reached: () => reached?.Invoke(peer.Name)));
            _pullers.AddRange(mirrored.Select(kind =>
                new MirrorPuller(new Mirror(directory.Self, changes.Name with { Site = peer.Name, Kind = kind }, store), gateway, clock, logger)));
        }
    }

    /// <summary>Starts pulling.</summary>
    public void Start() => _pullers.ForEach(p => p.Start());

    /// <summary>Asks soon for what somebody announced.</summary>
    public void Announced(Announcement announcement)
    {
        foreach (var puller in _pullers.Where(p => p.Journal.ToString() == announcement.Journal))
        {
            puller.Wake();
        }
    }

    /// <summary>Finishes the pages in hand and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var puller in _pullers)
        {
            await puller.DisposeAsync();
        }
    }
}
