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
        routes.MapGet("/v1.0/secrets/{store}/bulk", Answers.Route(GetAllAsync));
        routes.MapGet("/v1.0/secrets/{store}/{name}", Answers.Route(GetAsync));
    }

    private static async Task GetAsync(HttpContext context, AppRuntime app)
    {
        var secret = await SecretsBlock.GetAsync(app, context.Value("store"), context.Value("name"), context.RequestAborted);
        await Answers.WriteJsonAsync(context, json => Write(json, secret));
    }

    private static async Task GetAllAsync(HttpContext context, AppRuntime app)
    {
        var secrets = await SecretsBlock.GetAllAsync(app, context.Value("store"), context.RequestAborted);
        await Answers.WriteJsonAsync(context, json =>
        {
            json.WriteStartObject();
            foreach (var (name, secret) in secrets)
            {
                json.WritePropertyName(name);
                Write(json, secret);
            }

            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyDictionary<string, string> secret)
    {
        json.WriteStartObject();
        foreach (var (name, value) in secret)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }
}
