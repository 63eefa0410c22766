using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Hosting;

/// <summary>Connects an app of another test host, such as <c>WebApplicationFactory</c>, to a <see cref="DaprTestHost"/>.</summary>
public static class DaprWebHostBuilderExtensions
{
    /// <summary>Tells the app where its sidecar is (<c>DAPR_HTTP_ENDPOINT</c>, <c>DAPR_GRPC_ENDPOINT</c>, tokens). Afterwards attach it:
    /// <see cref="DaprTestHost.AttachAsync"/>.</summary>
    public static IWebHostBuilder UseDapr(this IWebHostBuilder builder, DaprTestHost host, string appId)
    {
        foreach (var (name, value) in host.Settings(appId).Where(s => s.Value is not null))
        {
            builder.UseSetting(name, value);
        }

        builder.ConfigureServices(services => services.AddSingleton<IStartupFilter>(new Introduction(host, appId)));
        // A watcher for each host would use up what the system gives a user once many tests run.
        return builder.UseSetting("hostBuilder:reloadConfigOnChange", "false");
    }

    /// <summary>So that the host knows which of the app's gRPC methods stream, and gives its services out.</summary>
    private sealed class Introduction(DaprTestHost host, string appId) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            host.Introduce(appId, app.ApplicationServices);
            next(app);
        };
    }
}
