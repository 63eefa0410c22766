using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Sidecar.BuildingBlocks.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/metadata</c> and <c>/v1.0/shutdown</c>.</summary>
internal static class MetadataRoutes
{
    public static void MapMetadata(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/metadata", Answers.Route((context, app) =>
            Answers.WriteJsonAsync(context, JsonSerializer.SerializeToUtf8Bytes(MetadataBlock.Describe(app), MetadataJson.Default.SidecarDescription))));
        routes.MapPut("/v1.0/metadata/{key}", Answers.Route(async (context, app) =>
        {
            app.Extended[context.Value("key")] = Encoding.UTF8.GetString(await context.BodyAsync());
            Answers.NoContent(context);
        }));
        routes.MapPost("/v1.0/shutdown", Answers.Route((context, _) =>
        {
            Answers.NoContent(context);
            context.RequestServices.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            return Task.CompletedTask;
        }));
    }
}

/// <summary>The JSON of the metadata API; what is null is left out.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SidecarDescription))]
internal sealed partial class MetadataJson : JsonSerializerContext;
