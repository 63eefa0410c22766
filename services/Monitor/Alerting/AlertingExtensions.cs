using EdgeMesh.Services.Monitor.Alerting.Notices;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>Gives the monitor its alerts.</summary>
internal static class AlertingExtensions
{
    /// <exception cref="InvalidOperationException">Settings or rules are wrong; the message lists all that are.</exception>
    public static IServiceCollection AddAlerting(this IServiceCollection services, IConfiguration configuration)
    {
        var options = AlertOptions.Read(configuration);

        // A site's own file is read now, for a fault in it stops the start; the service's own has none, and waits until it is needed.
        if (options.RulesFile is { } file)
        {
            services.AddSingleton(LoadedRules.Read(file));
        }
        else
        {
            services.AddSingleton(_ => LoadedRules.Read(null));
        }

        return services.AddSingleton(options)
            .AddSingleton(provider => provider.GetRequiredService<LoadedRules>().Rules)
            .AddSingleton<SiteAlerts>()
            .AddSingleton<AlertBook>()
            .AddSingleton<AlertEvaluator>()
            .AddSingleton<NoticeRoutes>()
            .AddHostedService<AlertLoop>();
    }
}
