using EdgeMesh.Services.Gateway.ConsoleDoor;
using EdgeMesh.Services.Gateway.MeshDoor;
using EdgeMesh.Services.Gateway.PublicDoor;

namespace EdgeMesh.Services.Gateway.Doors;

/// <summary>Sends each request to what its listener serves.</summary>
internal static class DoorPipeline
{
    public static void UseDoors(this WebApplication app)
    {
        var (people, sites) = (app.Services.GetRequiredService<PublicRequests>(), app.Services.GetRequiredService<MeshRequests>());
        var console = app.Services.GetRequiredService<ConsoleRequests>();
        app.Use((context, next) => context.Features.Get<DoorFeature>()?.Door switch
        {
            Door.Public => AnswerPublicAsync(context, next, people, console),
            Door.Mesh => sites.AnswerAsync(context),
            Door.App => next(context),
            _ => throw new InvalidOperationException("A connection without a door: every listener must be opened by DoorListeners."),
        });
    }

    private static Task AnswerPublicAsync(HttpContext context, RequestDelegate next, PublicRequests people, ConsoleRequests console)
    {
        if (console.Covers(context))
        {
            SecurityHeaders.AttachToPages(context.Response);
            return console.AnswerAsync(context);
        }

        SecurityHeaders.Attach(context.Response);
        // Health is the same for everybody, and has nothing to hide.
        return context.Request.Path.Value is "/healthz" or "/readyz" ? next(context) : people.AnswerAsync(context);
    }
}
