using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Telemetry;

/// <summary>What one host adds so that its spans and measurements are known as its own.</summary>
internal static class HostExport
{
    public const string SiteKey = "edgemesh.site";
    public const string ServiceKey = "edgemesh.service";

    /// <summary>ASP.NET Core starts its request spans from the source in the container.</summary>
    private const string RequestSource = "Microsoft.AspNetCore";

    public static void Add(IServiceCollection services, IConfiguration configuration, TelemetryIdentity identity)
    {
        services.AddSingleton(_ => new ActivitySource(RequestSource, version: null, Tags(identity)));
        services.AddHostedService(_ => new ExportLease(configuration, identity));
    }

    public static KeyValuePair<string, object?>[] Tags(TelemetryIdentity identity) => [new(SiteKey, identity.Site), new(ServiceKey, identity.Service)];

    /// <summary>Keeps the process's export alive while the host runs.</summary>
    private sealed class ExportLease(IConfiguration configuration, TelemetryIdentity identity) : IHostedLifecycleService
    {
        private IDisposable? _lease;

        // Before any other hosted service, and until the last has stopped: what they do at both ends is seen too.
        public Task StartingAsync(CancellationToken cancellationToken)
        {
            _lease = ProcessExport.Take(configuration, identity);
            return Task.CompletedTask;
        }

        public Task StoppedAsync(CancellationToken cancellationToken)
        {
            _lease?.Dispose();
            return Task.CompletedTask;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
