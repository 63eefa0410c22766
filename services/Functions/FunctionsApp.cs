using Dapr.Client;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Rollouts;
using EdgeMesh.Services.Functions.Store;
using EdgeMesh.Services.Functions.Triggers.Http;

namespace EdgeMesh.Services.Functions;

/// <summary>The functions of a site: takes deployments, shares them with the mesh, and runs what they say should run here.</summary>
public static class FunctionsApp
{
    /// <summary>Its Dapr app id.</summary>
    public const string AppId = "functions";

    /// <summary>A rollout under way is looked at more often; one at rest needs no actor.</summary>
    private static readonly TimeSpan ActorIdleTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Makes the service.</summary>
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(AppId);
        var services = builder.Services;
        services.AddSingleton(FunctionsOptions.Read(builder.Configuration));
        services.AddSingleton<IJournalStore>(provider => new DaprJournalStore(provider.GetRequiredService<DaprClient>()));
        services.AddActors(actors =>
        {
            actors.Actors.RegisterActor<RolloutActor>();
            actors.ActorIdleTimeout = ActorIdleTimeout;
        });
        services.AddSingleton<RolloutActors>();
        services.AddSingleton<FunctionsOpener>();
        services.AddHostedService(provider => provider.GetRequiredService<FunctionsOpener>());
        services.AddReadiness("functions", (provider, _) => Task.FromResult(provider.GetRequiredService<FunctionsOpener>().WaitsFor));

        var app = builder.Build();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        var opener = app.Services.GetRequiredService<FunctionsOpener>();
        app.MapActorsHandlers();
        app.MapDeployments();
        app.MapHttpTriggers();
        app.MapAnnouncements(() => opener.Store?.Links);
        app.MapFeeds(() => opener.Store is { } store ? [store.Changes] : [], context => FeedPeer.Of(context, app.Services.GetRequiredService<MeshDirectory>()));
        return app;
    }
}
