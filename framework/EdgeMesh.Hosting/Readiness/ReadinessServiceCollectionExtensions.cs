using EdgeMesh.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers what a service waits for.</summary>
public static class ReadinessServiceCollectionExtensions
{
    /// <summary>Adds a check that <c>/readyz</c> asks.</summary>
    /// <param name="services">The container.</param>
    /// <param name="name">Short and stable.</param>
    /// <param name="check">Null when it is there; else what is waited for, for people.</param>
    public static IServiceCollection AddReadiness(this IServiceCollection services, string name, Func<IServiceProvider, CancellationToken, Task<string?>> check) =>
        services.AddSingleton(new ReadinessCheck(name, check));
}
