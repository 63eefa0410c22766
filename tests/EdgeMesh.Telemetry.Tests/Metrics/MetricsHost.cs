using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Metrics;

/// <summary>A service with <c>/metrics</c>.</summary>
internal static class MetricsHost
{
    public static Task<WebApplication> StartAsync(string service) => StartAsync("clinic-a", service);

    /// <param name="site">Its site.</param>
    /// <param name="service">Its name.</param>
    /// <param name="settings">Besides.</param>
    public static async Task<WebApplication> StartAsync(string site, string service, params KeyValuePair<string, string?>[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection([new("urls", "http://127.0.0.1:0"), .. settings]);
        builder.AddEdgeMeshTelemetry(site, service);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapEdgeMeshMetrics();
        app.MapGet("/patients/{id}", (string id) => Results.Text(id));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
