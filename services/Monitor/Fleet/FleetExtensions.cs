using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Gives the monitor its view of the fleet.</summary>
internal static class FleetExtensions
{
    private static readonly TimeSpan ActorIdleTimeout = TimeSpan.FromHours(1);

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static IServiceCollection AddFleet(this IServiceCollection services, IConfiguration configuration)
    {
        var options = FleetOptions.Read(configuration);
        services.AddActors(actors =>
        {
            actors.Actors.RegisterActor<SiteActor>();
            actors.ActorIdleTimeout = ActorIdleTimeout;
        });
        return services.AddSingleton(options)
            .AddSingleton(options.Rules)
            .AddSingleton<FleetBoard>()
            .AddSingleton<FleetMeter>()
            .AddSingleton<SiteActors>()
            .AddSingleton<SiteProbe>()
            .AddSingleton<LinkFigures>()
            .AddSingleton<FleetLoop>()
            .AddHostedService(provider => provider.GetRequiredService<FleetLoop>())
            .AddReadiness("fleet", (provider, _) => Task.FromResult(provider.GetRequiredService<FleetLoop>().WaitsFor));
    }
}
