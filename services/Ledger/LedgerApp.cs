using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Ledger;

/// <summary>The site's audit log.</summary>
public static class LedgerApp
{
    /// <summary>The Dapr app id.</summary>
    public const string AppId = "ledger";

    /// <summary>Makes the service.</summary>
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(AppId);
        builder.Services.AddSingleton<LedgerOpener>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<LedgerOpener>());
        builder.Services.AddReadiness("log", (provider, _) => Task.FromResult(provider.GetRequiredService<LedgerOpener>().WaitsFor()));
        var app = builder.Build();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        app.MapWrites();
        app.MapReads();
        return app;
    }
}
