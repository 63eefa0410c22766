using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>Calls of components of one kind: how many, and how long they took, under daprd's names.</summary>
internal sealed class ComponentMetrics
{
    public static readonly ComponentMetrics State = new("state", "Calls of state stores.");
    public static readonly ComponentMetrics Secret = new("secret", "Calls of secret stores.");
    public static readonly ComponentMetrics Configuration = new("configuration", "Calls of configuration stores.");
    public static readonly ComponentMetrics OutputBinding = new("output_binding", "Calls of output bindings.");

    public static readonly ComponentMetrics Crypto = new("crypto", "Encryptions and decryptions.");

    private static readonly Counter<long> Opened = SidecarMetrics.Meter.CreateCounter<long>("dapr_runtime_component_init_total", "{component}", "Components that were opened, by type.");
    private static readonly Counter<long> Loaded = SidecarMetrics.Meter.CreateCounter<long>("dapr_runtime_component_loaded", "{component}", "Components of the app.");

    /// <summary>Boxed once, not for every call.</summary>
    private static readonly object True = true, False = false;

    private readonly Counter<long> _count;
    private readonly Histogram<double> _latency;

    private ComponentMetrics(string kind, string help)
    {
        _count = SidecarMetrics.Meter.CreateCounter<long>($"dapr_component_{kind}_count", "{call}", help);
        _latency = SidecarMetrics.Meter.CreateHistogram<double>($"dapr_component_{kind}_latencies", "ms", help);
    }

    /// <summary>Makes a call and counts it; one that throws has failed.</summary>
    public async Task<T> CountAsync<T>(AppRuntime app, string component, string operation, Func<Task<T>> call)
    {
        if (!_count.Enabled)
        {
            return await call();
        }

        var (began, success) = (app.Process.Clock.GetTimestamp(), false);
        try
        {
            var result = await call();
            success = true;
            return result;
        }
        finally
        {
            Record(app, component, operation, success, began);
        }
    }

    private void Record(AppRuntime app, string component, string operation, bool success, long began)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> labels = [new("app_id", app.AppId), new("component", component), new("namespace", app.Process.Namespace), new("operation", operation), new("success", success ? True : False)];
        _count.Add(1, labels);
        _latency.Record(app.Process.Clock.GetElapsedTime(began).TotalMilliseconds, labels);
    }

    /// <summary>Tells the components and policies that each app has; only who listens already hears of it.</summary>
    public static void Tell(IEnumerable<AppRuntime> apps)
    {
        foreach (var app in apps)
        {
            ResilienceMetrics.Tell(app.AppId, app.Resilience.Names);
            foreach (OpenComponent component in app.Components)
            {
                Loaded.Add(1, new KeyValuePair<string, object?>("app_id", app.AppId));
                if (component.Driver is not null)
                {
                    Opened.Add(1, new("app_id", app.AppId), new("component", component.Spec.Type));
                }
            }
        }
    }
}
