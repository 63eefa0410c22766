using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/configuration</c>, and the same below <c>/v1.0-alpha1</c>.</summary>
internal static class ConfigurationRoutes
{
    public static void MapConfiguration(this IEndpointRouteBuilder routes)
    {
        foreach (var version in new[] { "v1.0", "v1.0-alpha1" })
        {
            routes.MapGet($"/{version}/configuration/{{store}}", Answers.Route(GetAsync));
            routes.MapGet($"/{version}/configuration/{{store}}/subscribe", Answers.Route(SubscribeAsync));
            routes.MapGet($"/{version}/configuration/{{store}}/{{id}}/unsubscribe", Answers.Route(UnsubscribeAsync));
        }
    }

    private static string[] Keys(HttpContext context) => [.. context.Request.Query["key"].OfType<string>()];

    private static async Task GetAsync(HttpContext context, AppRuntime app)
    {
        var items = await ConfigurationBlock.GetAsync(app, context.Value("store"), Keys(context), context.Metadata(), context.RequestAborted);
        if (items.Count == 0)
        {
            Answers.NoContent(context);
            return;
        }

        await Answers.WriteJsonAsync(context, json =>
        {
            json.WriteStartObject();
            foreach (var (key, value) in items)
            {
                json.WritePropertyName(key);
                ConfigurationJson.Write(json, value);
            }

            json.WriteEndObject();
        });
    }

    /// <summary>From here on the app is called at <c>/configuration/{store}/{key}</c>.</summary>
    private static async Task SubscribeAsync(HttpContext context, AppRuntime app)
    {
        if (app.Channel is null)
        {
            ConfigurationBlock.Store(app, context.Value("store"));
            throw new DaprFault("ERR_APP_CHANNEL_NIL", "app channel is not initialized. cannot subscribe to configuration updates", 500, global::Grpc.Core.StatusCode.FailedPrecondition);
        }

        var subscription = await ConfigurationBlock.SubscribeAsync(app, context.Value("store"), Keys(context), context.Metadata(), context.RequestAborted);
        var services = context.RequestServices;
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("EdgeMesh.Sidecar");
        _ = new ConfigurationPostman(app, app.Find(subscription.Store)!.Spec, subscription, logger).RunAsync(services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        await Answers.WriteJsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", subscription.Id);
            json.WriteEndObject();
        });
    }

    private static Task UnsubscribeAsync(HttpContext context, AppRuntime app)
    {
        ConfigurationBlock.Store(app, context.Value("store"));
        var id = context.Value("id");
        var isEnded = ConfigurationBlock.Unsubscribe(app, id);
        context.Response.StatusCode = isEnded ? StatusCodes.Status200OK : StatusCodes.Status500InternalServerError;
        return Answers.WriteJsonAsync(context, json =>
        {
            json.WriteStartObject();
            if (isEnded)
            {
                json.WriteBoolean("ok", true);
            }
            else
            {
                json.WriteString("message", $"failed to unsubscribe to configuration request {id}: subscription with id {id} does not exist");
            }

            json.WriteEndObject();
        });
    }
}
