using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Console;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Intake.Grpc;
using EdgeMesh.Services.Monitor.Intake.Http;
using EdgeMesh.Services.Monitor.Intake;
using EdgeMesh.Services.Monitor.Ledgers;
using EdgeMesh.Services.Monitor.Querying;
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
        var options = MonitorOptions.Read(builder.Configuration);
        AddServices(builder.Services, options);
        builder.Services.AddAnomalies(builder.Configuration).AddAlerting(builder.Configuration).AddFleet(builder.Configuration).AddLedgers().AddConsole(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel => OtlpDoor.Listen(kestrel, options));
        // The listeners include the app's own address, read above; named twice, Kestrel would warn at every start that one overrides the other.
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, string.Empty);

        var app = builder.Build();
        app.UseOtlpDoor();
        app.UseConsole();
        // Stated, so that routing begins here: telemetry's endpoints end it, before tokens are asked for.
        app.UseRouting();
        app.MapHttpIntake();
        app.MapGrpcService<GrpcLogs>().ShortCircuit();
        app.MapGrpcService<GrpcTraces>().ShortCircuit();
        app.MapGrpcService<GrpcMetrics>().ShortCircuit();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        app.MapFleet();
        app.MapParcels();
        app.MapQueries();
        app.MapAlerts();
        return app;
    }

    /// <summary>A core keeps what it has; so does a site without a way to one.</summary>
    private static string? CoreOf(MeshDirectory directory) =>
        directory.This.IsCore ? null : directory.Sites.FirstOrDefault(s => s is { IsCore: true, MeshUrl: not null } && s.Name != directory.Self)?.Name;

    private static void AddServices(IServiceCollection services, MonitorOptions options)
    {
        services.AddSingleton(provider => options with { Core = CoreOf(provider.GetRequiredService<MeshDirectory>()) });
        services.AddSingleton<TelemetryStore>();
        services.AddSingleton<IntakeMeter>();
        services.AddSingleton<OtlpIntake>();
        services.AddSingleton<Forwarder>();
        services.AddHostedService(provider => provider.GetRequiredService<Forwarder>());
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MonitorOptions.MostExport;
            grpc.CompressionProviders = [new BoundedGzip()];
        });
    }
}
