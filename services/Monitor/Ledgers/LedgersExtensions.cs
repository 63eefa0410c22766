namespace EdgeMesh.Services.Monitor.Ledgers;

/// <summary>Gives the monitor its watch over ledgers.</summary>
internal static class LedgersExtensions
{
    public static IServiceCollection AddLedgers(this IServiceCollection services) => services
        .AddSingleton<EvidenceFiles>()
        .AddSingleton<LedgerWatch>()
        .AddHostedService(provider => provider.GetRequiredService<LedgerWatch>());
}
