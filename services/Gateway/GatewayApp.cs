using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.ConsoleDoor;
using EdgeMesh.Services.Gateway.Credentials;
using EdgeMesh.Services.Gateway.Doors;
using EdgeMesh.Services.Gateway.Errors;
using EdgeMesh.Services.Gateway.Forwarding;
using EdgeMesh.Services.Gateway.Limits;
using EdgeMesh.Services.Gateway.MeshDoor;
using EdgeMesh.Services.Gateway.MeshOut;
using EdgeMesh.Services.Gateway.PublicDoor;
using EdgeMesh.Services.Gateway.Tokens;

namespace EdgeMesh.Services.Gateway;

/// <summary>The site's only door. Three listeners: the public one (HTTPS, tokens), the mesh one (mutual TLS, other sites), and the
/// app's own on loopback (local services that want another site). The listener that a request came by decides what exists for it.</summary>
public static class GatewayApp
{
    /// <summary>Its Dapr app id.</summary>
    public const string AppId = "gateway";

    /// <summary>Makes the service.</summary>
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(AppId);
        var options = GatewayOptionsReader.Read(builder.Configuration);
        AddServices(builder.Services, options);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => DoorListeners.Listen(kestrel, options));
        // The doors include the app's own address, read above; named twice, Kestrel would warn at every start that one overrides the other.
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, string.Empty);

        var app = builder.Build();
        app.UseDoors();
        // Stated, so that routing begins here: what came by another door has been answered above and never meets these endpoints.
        app.UseRouting();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        app.MapMeshOut();
        return app;
    }

    private static void AddServices(IServiceCollection services, GatewayOptions options)
    {
        services.AddHttpForwarder();
        services.AddSingleton(options);
        services.AddSingleton<CredentialsLoader>();
        services.AddHostedService(provider => provider.GetRequiredService<CredentialsLoader>());
        services.AddReadiness("credentials", (provider, _) => Task.FromResult(provider.GetRequiredService<CredentialsLoader>().Waiting));
        services.AddSingleton<BearerTokens>();
        services.AddSingleton<CallerStatements>();
        services.AddSingleton(new BufferBudget(options.BufferLimit));
        services.AddSingleton<RefusalWriter>();
        services.AddSingleton<DoorGuard>();
        services.AddSingleton<SidecarForwarder>();
        services.AddSingleton<ConsoleSessions>();
        services.AddSingleton<ConsoleForwarder>();
        services.AddSingleton<ConsoleRequests>();
        services.AddSingleton<PeerLinks>();
        services.AddSingleton<PublicRequests>();
        services.AddSingleton<MeshRequests>();
        services.AddSingleton<OutgoingRequests>();
    }
}
