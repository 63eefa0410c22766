using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/publish</c>.</summary>
internal static class PubSubRoutes
{
    public static void MapPubSub(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/v1.0/publish/{pubsub}/{**topic}", ["POST", "PUT"], Answers.Route(PublishAsync));

    private static async Task PublishAsync(HttpContext context, AppRuntime app)
    {
        var headers = context.Request.Headers;
        var publication = new Publication(
            app.AppId, context.Value("pubsub"), context.Value("topic"), await context.BodyAsync(), context.Request.ContentType ?? "",
            context.Metadata(), headers.TraceParent, headers.TraceState);
        await PubSubBlock.PublishAsync(app, publication, context.RequestAborted);
        Answers.NoContent(context);
    }
}
