using EdgeMesh.Hosting;
using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Makes an ASP.NET service part of the mesh.</summary>
public static class EdgeMeshExtensions
{
    /// <summary>Adds site identity, Dapr, readiness, telemetry and limits. Settings: <c>EdgeMesh:Site</c> (required),
    /// <c>EdgeMesh:DataDirectory</c>, <c>EdgeMesh:Directory</c>, <c>EdgeMesh:BodyLimit</c> (bytes), <c>EdgeMesh:StopSeconds</c>,
    /// <c>EdgeMesh:Logs</c> (<c>auto</c>, <c>json</c>, <c>text</c>), <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, and Dapr's own
    /// <c>DAPR_HTTP_ENDPOINT</c>, <c>DAPR_GRPC_ENDPOINT</c>, <c>DAPR_API_TOKEN</c>, <c>APP_API_TOKEN</c>.</summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="service">The service's Dapr app id.</param>
    /// <exception cref="InvalidOperationException">A setting is wrong; the message lists all that are.</exception>
    public static WebApplicationBuilder AddEdgeMesh(this WebApplicationBuilder builder, string service)
    {
        var settings = SettingsReader.Read(builder.Configuration, service);
        builder.AddEdgeMeshTelemetry(settings.Identity.Site, service);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.BodyLimit;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = settings.StopLimit);
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = Problems.Complete);
        builder.Services.AddExceptionHandler<FaultAnswers>();
        AddServices(builder.Services, settings);
        return builder;
    }

    /// <summary>Adds the app-token check, answers for faults, <c>/healthz</c> (alive) and <c>/readyz</c> (what is waited for),
    /// <c>/metrics</c> (for Prometheus).
    /// Comes before the service's own middleware and endpoints.</summary>
    public static WebApplication MapEdgeMesh(this WebApplication app)
    {
        if (app.Services.GetRequiredService<EdgeMeshSettings>().AppToken is { } token)
        {
            app.UseMiddleware<AppTokenMiddleware>(token);
        }

        app.UseExceptionHandler();
        app.UseStatusCodePages();
        HealthEndpoints.Map(app);
        app.MapEdgeMeshMetrics();
        HostLog.Attach(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, EdgeMeshSettings settings)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(settings);
        services.AddSingleton(settings.Identity);
        services.AddSingleton(settings.Directory);
        services.AddSingleton(settings.Sidecar);
        services.TryAddSingleton(SidecarShortcut.None);
        DaprClients.Add(services, settings.Sidecar);
        services.AddSingleton<SiteSecrets>();
        services.AddSingleton<AppClients>();
        services.AddSingleton<CallerTokens>();
        services.AddSingleton<Readiness>();
        ReadinessChecks.Add(services);
    }
}
