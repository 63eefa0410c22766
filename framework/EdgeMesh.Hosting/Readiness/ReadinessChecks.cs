using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Hosting;

/// <summary>What every service waits for.</summary>
internal static class ReadinessChecks
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    public static void Add(IServiceCollection services)
    {
        services.AddReadiness("sidecar", SidecarAsync);
        services.AddReadiness("host", (provider, _) => Task.FromResult(
            provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested ? "it is stopping" : null));
    }

    private static async Task<string?> SidecarAsync(IServiceProvider provider, CancellationToken cancellation)
    {
        using var client = provider.GetRequiredService<AppClients>().Sidecar(Limit);
        try
        {
            using var answer = await client.GetAsync("healthz", cancellation);
            return answer.IsSuccessStatusCode ? null : $"the sidecar at {client.BaseAddress} answers {(int)answer.StatusCode}";
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return $"the sidecar at {client.BaseAddress} does not answer";
        }
    }
}
