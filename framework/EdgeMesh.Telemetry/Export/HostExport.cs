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

    /// <summary>Whose flow this is: what a host does by itself, such as following a journal, hangs below no request that says so.</summary>
    private static readonly AsyncLocal<KeyValuePair<string, object?>[]?> Flow = new();

    /// <summary>ASP.NET Core starts its request spans from the source in the container.</summary>
    private const string RequestSource = "Microsoft.AspNetCore";

    public static void Add(IServiceCollection services, IConfiguration configuration, TelemetryIdentity identity)
    {
        services.AddSingleton(_ => new ActivitySource(RequestSource, version: null, Tags(identity)));
        services.AddHostedService(provider =>
        {
            // A host makes its services in the flow in which it starts them, and each has a flow of its own only from then on.
            Flow.Value = Tags(identity);
            return new ExportLease(configuration, identity, provider.GetService<TimeProvider>() ?? TimeProvider.System);
        });
    }

    /// <summary>Those of the host that runs what runs now; null: none does.</summary>
    public static KeyValuePair<string, object?>[]? TagsOfFlow => Flow.Value;

    public static KeyValuePair<string, object?>[] Tags(TelemetryIdentity identity) => [new(SiteKey, identity.Site), new(ServiceKey, identity.Service)];

    /// <summary>Keeps the process's export alive while the host runs.</summary>
    private sealed class ExportLease(IConfiguration configuration, TelemetryIdentity identity, TimeProvider clock) : IHostedLifecycleService
    {
        private readonly Lock _gate = new();
        private ITimer? _later;
        private IDisposable? _lease;
        private bool _isOver;

        // Before any other hosted service, and until the last has stopped: what they do at both ends is seen too.
        public Task StartingAsync(CancellationToken cancellationToken)
        {
            if (OtlpSettings.After(configuration) is { Ticks: > 0 } delay)
            {
                _later = clock.CreateTimer(_ => Begin(), null, delay, Timeout.InfiniteTimeSpan);
            }
            else
            {
                Begin();
            }

            return Task.CompletedTask;
        }

        public Task StoppedAsync(CancellationToken cancellationToken)
        {
            lock (_gate)
            {
                _isOver = true;
            }

            _later?.Dispose();
            _lease?.Dispose();
            return Task.CompletedTask;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        private void Begin()
        {
            lock (_gate)
            {
                _lease ??= _isOver ? null : ProcessExport.Take(configuration, identity);
            }
        }
    }
}
