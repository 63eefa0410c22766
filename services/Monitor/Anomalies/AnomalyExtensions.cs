namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>Gives the monitor its watch over series.</summary>
internal static class AnomalyExtensions
{
    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static IServiceCollection AddAnomalies(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(AnomalyOptions.Read(configuration))
        .AddSingleton<AnomalyWatch>()
        .AddHostedService<AnomalyLoop>();
}
