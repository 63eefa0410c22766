using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Hosting;

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: it can serve, or what it waits for.</summary>
internal static class HealthEndpoints
{
    private static readonly string Version =
        typeof(HealthEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    // Plain delegates and generated JSON: both are asked before anything else, and would otherwise compile code at every start.
    public static void Map(IEndpointRouteBuilder routes)
    {
        // No requests of anybody: while a service begins, half of what it answers would count as failed.
        routes.MapGet("/healthz", (RequestDelegate)(context => context.Response.WriteAsync("alive", context.RequestAborted))).DisableHttpMetrics();
        routes.MapGet("/readyz", (RequestDelegate)AnswerReadyAsync).DisableHttpMetrics();
    }

    private static async Task AnswerReadyAsync(HttpContext context)
    {
        var report = await context.RequestServices.GetRequiredService<Readiness>().AskAsync(context.RequestAborted);
        context.Response.Headers[HealthHeaders.Version] = Version;
        context.Response.StatusCode = report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        await context.Response.WriteAsJsonAsync(report, ReadinessJson.Default.ReadinessReport, cancellationToken: context.RequestAborted);
    }
}

/// <summary>Generated serialisation of the readiness report.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReadinessReport))]
internal sealed partial class ReadinessJson : JsonSerializerContext;
