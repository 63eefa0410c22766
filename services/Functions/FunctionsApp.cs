using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Store;
using EdgeMesh.Services.Functions.Triggers.Http;

namespace EdgeMesh.Services.Functions;

/// <summary>The functions of a site: takes deployments, shares them with the mesh, and runs what they say should run here.</summary>
public static class FunctionsApp
{
    /// <summary>Its Dapr app id.</summary>
    public const string AppId = "functions";

    /// <summary>Makes the service.</summary>
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(AppId);
        var services = builder.Services;
        services.AddSingleton(FunctionsOptions.Read(builder.Configuration));
        services.AddSingleton<IJournalStore>(provider => new DaprJournalStore(provider.GetRequiredService<DaprClient>()));
        services.AddSingleton<FunctionsOpener>();
        services.AddHostedService(provider => provider.GetRequiredService<FunctionsOpener>());
        services.AddReadiness("functions", (provider, _) => Task.FromResult(provider.GetRequiredService<FunctionsOpener>().WaitsFor));

        var app = builder.Build();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        var opener = app.Services.GetRequiredService<FunctionsOpener>();
        app.MapDeployments();
        app.MapHttpTriggers();
        app.MapAnnouncements(() => opener.Store?.Links);
        app.MapFeeds(() => opener.Store is { } store ? [store.Changes] : [], context => FeedPeer.Of(context, app.Services.GetRequiredService<MeshDirectory>()));
        return app;
    }
}
