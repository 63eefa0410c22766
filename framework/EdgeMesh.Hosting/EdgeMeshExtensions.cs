using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Makes an ASP.NET service part of the mesh.</summary>
public static class EdgeMeshExtensions
{
    private const long DefaultBodyLimit = 4 * 1024 * 1024;

    /// <summary>Adds site identity, Dapr, readiness, telemetry and limits. Settings: <c>EdgeMesh:Site</c> (required),
    /// <c>EdgeMesh:DataDirectory</c>, <c>EdgeMesh:Directory</c>, <c>EdgeMesh:BodyLimit</c> (bytes), and Dapr's own
    /// <c>DAPR_HTTP_ENDPOINT</c>, <c>DAPR_GRPC_ENDPOINT</c>, <c>DAPR_API_TOKEN</c>, <c>APP_API_TOKEN</c>.</summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="service">The service's Dapr app id.</param>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message lists all that are.</exception>
    public static WebApplicationBuilder AddEdgeMesh(this WebApplicationBuilder builder, string service)
    {
        var settings = EdgeMeshSettings.Read(builder.Configuration, service);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = builder.Configuration.GetValue("EdgeMesh:BodyLimit", DefaultBodyLimit);
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(settings.Identity);
        builder.Services.AddSingleton(_ => settings.DirectoryPath is { } path
            ? MeshDirectoryFile.Load(path)
            : new MeshDirectory(settings.Identity.Site, [new SiteEntry(settings.Identity.Site, settings.Identity.Site, null, default, "", "", true)]));
        // It reads endpoints and token from IConfiguration before the process environment, so a process may host several services.
        builder.Services.AddDaprClient();
        builder.Services.AddSingleton<SiteSecrets>();
        builder.Services.AddSingleton<AppClients>();
        builder.Services.AddSingleton<CallerTokens>();
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddReadiness("sidecar", async (provider, cancellation) =>
            await provider.GetRequiredService<DaprClient>().CheckHealthAsync(cancellation) ? null : "the sidecar does not answer");
        builder.Services.AddProblemDetails();
        builder.AddEdgeMeshTelemetry(settings.Identity.Site, service);
        return builder;
    }

    /// <summary>Adds the app-token check, <c>/healthz</c> (alive) and <c>/readyz</c> (what is waited for).</summary>
    public static WebApplication MapEdgeMesh(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<EdgeMeshSettings>();
        if (!string.IsNullOrEmpty(settings.AppToken))
        {
            app.UseMiddleware<AppTokenMiddleware>(settings.AppToken);
        }

        app.UseExceptionHandler();
        app.MapGet("/healthz", () => Results.Text("alive"));
        app.MapGet("/readyz", async (HttpContext context, CancellationToken cancellation) =>
        {
            var report = await app.Services.GetRequiredService<Readiness>().AskAsync(cancellation);
            return Results.Json(report, statusCode: report.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        });
        return app;
    }
}
