using EdgeMesh.Ledger;
using EdgeMesh.Services.Ledger.Hosting;
using EdgeMesh.Services.Ledger.Reading;
using EdgeMesh.Services.Ledger.Witnessing;
using EdgeMesh.Services.Ledger.Writing;

namespace EdgeMesh.Services.Ledger;

/// <summary>The site's audit log: takes opaque entries from the site's services, and serves what proves them to anybody.</summary>
public static class LedgerApp
{
    /// <summary>Its Dapr app id.</summary>
    public const string AppId = "ledger";

    /// <summary>Makes the service.</summary>
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(AppId);
        var section = builder.Configuration.GetSection("EdgeMesh:Ledger");
        builder.Services.AddSingleton(Read<SequencerOptions>(section, o => o.Faults()));
        builder.Services.AddSingleton(Read<WitnessingOptions>(section, o => o.Faults()));
        builder.Services.AddSingleton<LedgerOpener>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<LedgerOpener>());
        builder.Services.AddHostedService<CheckpointAnnouncer>();
        builder.Services.AddReadiness("ledger", (provider, _) => Task.FromResult(provider.GetRequiredService<LedgerOpener>().Waiting));

        var app = builder.Build();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        app.MapAppends();
        app.MapLogFiles("/ledger");
        app.MapLogFiles("/mesh/ledger");
        app.MapWitness();
        return app;
    }

    private static T Read<T>(IConfigurationSection section, Func<T, IEnumerable<string>> faultsOf)
        where T : new()
    {
        var options = section.Get<T>() ?? new T();
        var faults = faultsOf(options).Select(fault => Environment.NewLine + $"  - {section.Path}:{fault}").ToArray();
        return faults.Length == 0 ? options : throw new InvalidOperationException("The ledger can't start:" + string.Concat(faults));
    }
}
