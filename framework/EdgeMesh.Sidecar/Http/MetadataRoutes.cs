using System.Text;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/metadata</c>, <c>/v1.0/healthz</c>, <c>/v1.0/shutdown</c>.</summary>
internal static class MetadataRoutes
{
    public static void MapMetadata(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/metadata", Answers.Route((context, app) =>
        {
            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(JsonSerializer.Serialize(MetadataBlock.Describe(app), MetadataBlock.Json));
        }));
        routes.MapPut("/v1.0/metadata/{key}", Answers.Route(async (context, app) =>
        {
            app.Extended[context.Value("key")] = Encoding.UTF8.GetString(await context.BodyAsync());
            Answers.NoContent(context);
        }));
        routes.MapGet("/v1.0/healthz", Answers.Route((context, app) => HealthAsync(context, app, app.IsReady)));
        routes.MapGet("/v1.0/healthz/outbound", Answers.Route((context, app) => HealthAsync(context, app, true)));
        routes.MapPost("/v1.0/shutdown", Answers.Route((context, _) =>
        {
            Answers.NoContent(context);
            context.RequestServices.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            return Task.CompletedTask;
        }));
    }

    private static Task HealthAsync(HttpContext context, AppRuntime app, bool ready)
    {
        var failed = app.Components.FirstOrDefault(c => c.Driver is null);
        if (ready && failed is null)
        {
            Answers.NoContent(context);
            return Task.CompletedTask;
        }

        var reason = failed is null ? $"waiting for the app '{app.AppId}'" : $"component '{failed.Spec.Name}' is not open: {failed.Failure}";
        return Answers.FaultAsync(context, new DaprFault("ERR_HEALTH_NOT_READY", reason, 500, global::Grpc.Core.StatusCode.Unavailable));
    }
}
