using System.Text.Json;
using EdgeMesh.Replication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>How announcements of other sites reach a service.</summary>
public static class AnnouncementEndpoints
{
    private const string Route = "/mesh/announced";

    /// <summary>Subscribes the topic of announcements on <c>wan</c>, and hands each to the links.</summary>
    /// <param name="routes">Where to map.</param>
    /// <param name="links">The links; null while they are not open: what was missed then is polled for.</param>
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
