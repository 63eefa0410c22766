using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/secrets</c>.</summary>
internal static class SecretsRoutes
{
    public static void MapSecrets(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/secrets/{store}/bulk", Answers.Route(async (context, app) =>
            await WriteAsync(context, await SecretsBlock.GetAllAsync(app, context.Value("store"), context.RequestAborted))));
        routes.MapGet("/v1.0/secrets/{store}/{**name}", Answers.Route(async (context, app) =>
            await WriteAsync(context, await SecretsBlock.GetAsync(app, context.Value("store"), context.Value("name"), context.RequestAborted))));
    }

    private static Task WriteAsync<T>(HttpContext context, T value)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(value), context.RequestAborted);
    }
}
