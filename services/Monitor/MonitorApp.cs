using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Console;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor;

/// <summary>The site's monitor: takes the telemetry of the site, keeps what fits, and shows it, also while the site is cut off.</summary>
public static class MonitorApp
{
    /// <summary>Its Dapr app id.</summary>
    public const string AppId = "monitor";

    /// <summary>Makes the service.</summary>
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(AppId);
        var services = builder.Services;
        services.AddSingleton(MonitorOptions.Read(builder.Configuration));
        services.AddSingleton<TelemetryStore>();
        services.AddAnomalies(builder.Configuration).AddAlerting(builder.Configuration).AddFleet(builder.Configuration);
        services.AddConsole();

        var app = builder.Build();
        app.UseConsole();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        app.MapFleet();
        return app;
    }
}
