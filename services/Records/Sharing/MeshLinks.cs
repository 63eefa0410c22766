using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Sharing;

/// <summary>This service's part in the mesh: pulls what peers share, at the core keeps verbatim copies of every edge's journals, and wakes
/// when a peer announces that its journal moved.</summary>
internal sealed class MeshLinks : IAsyncDisposable
{
    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(30);

    private readonly List<FeedPuller> _pullers = [];

    public MeshLinks(MeshDirectory directory, string owner, Journal changes, IJournalStore store, AppClients apps, TimeProvider clock, ILogger<MeshLinks> logger)
    {
        var gateway = apps.Get("gateway", PageLimit);
        foreach (var peer in directory.Sites.Where(s => s.Name != directory.Self && s.MeshUrl is not null))
        {
            _pullers.Add(new SharedPuller(changes, new JournalName(peer.Name, owner, JournalName.Changes), gateway, clock, logger));
            if (directory.This.IsCore)
            {
                _pullers.Add(new MirrorPuller(Copy(directory.Self, peer.Name, owner, JournalName.Changes, store), gateway, clock, logger));
                _pullers.Add(new MirrorPuller(Copy(directory.Self, peer.Name, owner, JournalName.Access, store), gateway, clock, logger));
            }
        }
    }

    public IEnumerable<PullerState> States => _pullers.Select(p => p.State);

    public void Start() => _pullers.ForEach(p => p.Start());

    public void Announced(Announcement announcement)
    {
        foreach (var puller in _pullers.Where(p => p.Journal.ToString() == announcement.Journal))
        {
            puller.Wake();
        }
    }

    private static Mirror Copy(string self, string site, string owner, string kind, IJournalStore store) => new(self, new JournalName(site, owner, kind), store);

    public async ValueTask DisposeAsync()
    {
        foreach (var puller in _pullers)
        {
            await puller.DisposeAsync();
        }
    }
}

/// <summary>How announcements reach this service.</summary>
internal static class AnnouncementEndpoints
{
    private const string Route = "/mesh/announced";

    public static void MapAnnouncements(this IEndpointRouteBuilder routes, Func<MeshLinks?> links)
    {
        routes.MapGet("/dapr/subscribe", () => Results.Json(new[] { new { pubsubname = JournalAnnouncer.PubSub, topic = JournalAnnouncer.Topic, route = Route } }));
        routes.MapPost(Route, async (HttpContext context, CancellationToken cancellation) =>
        {
            using var envelope = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: cancellation);
            if (envelope.RootElement.TryGetProperty("data", out var data) && data.Deserialize<Announcement>(JsonSerializerOptions.Web) is { Journal: not null } announcement)
            {
                links()?.Announced(announcement);
            }

            return Results.Ok();
        });
    }
}
