using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EdgeMesh.Telemetry;

/// <summary>Makes a host's meters with its name on each, so that hosts in one process do not add up to one.</summary>
internal sealed class TaggedMeters(KeyValuePair<string, object?>[] tags) : IMeterFactory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Name, string? Version), Meter> _meters = [];

    public static void Add(IServiceCollection services, TelemetryIdentity identity) =>
        services.Replace(ServiceDescriptor.Singleton<IMeterFactory>(_ => new TaggedMeters(HostExport.Tags(identity))));

    public Meter Create(MeterOptions options)
    {
        lock (_lock)
        {
            if (!_meters.TryGetValue((options.Name, options.Version), out var meter))
            {
                options.Tags = [.. options.Tags ?? [], .. tags];
                options.Scope = this;
                _meters[(options.Name, options.Version)] = meter = new Meter(options);
            }

            return meter;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var meter in _meters.Values)
            {
                meter.Dispose();
            }

            _meters.Clear();
        }
    }
}
