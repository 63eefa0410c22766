using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Health;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/healthz</c>, and <c>/v1.0/healthz/outbound</c>: the API can be called, whether or not the app is there.</summary>
internal static class HealthRoutes
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/healthz", Answers.Route((context, app) => AnswerAsync(context, Mistaken(context, app) ?? HealthBlock.NotReady(app))));
        routes.MapGet("/v1.0/healthz/outbound", Answers.Route((context, app) => AnswerAsync(context, Mistaken(context, app))));
    }

    private static DaprFault? Mistaken(HttpContext context, AppRuntime app) => HealthBlock.Mistaken(app, context.Request.Query["appid"]);

    private static Task AnswerAsync(HttpContext context, DaprFault? fault)
    {
        if (fault is not null)
        {
            return Answers.FaultAsync(context, fault);
        }

        Answers.NoContent(context);
        return Task.CompletedTask;
    }
}
