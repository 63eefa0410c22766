using System.Security.Cryptography;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Http;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Receipts;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Sharing;
using EdgeMesh.Services.Records.Store;
using Dapr.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EdgeMesh.Services.Records;

/// <summary>The records of a site, as FHIR R4.</summary>
public static class RecordsApp
{
    /// <summary>The Dapr app id.</summary>
    public const string AppId = "records";

    /// <summary>Makes the service.</summary>
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(AppId);
        builder.AddRecords();
        var app = builder.Build();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        app.MapRecords();
        return app;
    }

    private static void AddRecords(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<RecordsOptions>().Bind(builder.Configuration.GetSection(RecordsOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<FhirModel>();
        services.AddSingleton<SearchParameters>();
        services.AddSingleton<ConsentIndex>();
        services.AddSingleton<ConsentFreshness>();
        services.AddSingleton<AccessDecider>();
        services.AddSingleton<Capabilities>();
        services.AddSingleton<PublicAddress>();
        services.TryAddSingleton(provider => new ResourceIds(provider.GetRequiredService<SiteIdentity>().Site, RandomNumberGenerator.Fill));
        services.TryAddSingleton(provider => new RecordsBacking(
            new DaprJournalStore(provider.GetRequiredService<DaprClient>()),
            new DaprKeyStore(provider.GetRequiredService<DaprClient>(), provider.GetRequiredService<SiteIdentity>().Site)));
        services.AddSingleton<RecordsOpener>();
        services.AddHostedService(provider => provider.GetRequiredService<RecordsOpener>());
        services.AddReadiness("records", (provider, _) => Task.FromResult(provider.GetRequiredService<RecordsOpener>().WaitsFor()));
    }

    private static void MapRecords(this WebApplication app)
    {
        FhirEndpoints.Map(app);
        app.MapReceipts();
        app.MapAnnouncements(() => app.Services.GetRequiredService<RecordsOpener>().Store?.Links);
        app.MapFeeds(() => app.Services.GetRequiredService<RecordsOpener>().Store?.Journals ?? [], context => FeedPeer.Of(context, app.Services.GetRequiredService<MeshDirectory>()));
    }
}
