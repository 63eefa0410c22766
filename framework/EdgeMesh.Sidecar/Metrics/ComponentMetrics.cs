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
    /// <param name="app">Whose.</param>
    /// <param name="component">Of which component.</param>
    /// <param name="operation">As daprd names it.</param>
    /// <param name="call">The call.</param>
    /// <param name="store">What the store is made by; null: OpenTelemetry has no names for such calls.</param>
    public async Task<T> CountAsync<T>(AppRuntime app, string component, string operation, Func<Task<T>> call, string? store = null)
    {
        if (!_count.Enabled && (store is null || app.Conventions.IsIdleOfStores))
        {
            return await call();
        }

        var began = app.Process.Clock.GetTimestamp();
        Exception? failure = null;
        try
        {
            return await call();
        }
        catch (Exception error)
        {
            failure = error;
            throw;
        }
        finally
        {
            var took = app.Process.Clock.GetElapsedTime(began);
            Record(app, component, operation, failure is null, took);
            if (store is not null)
            {
                app.Conventions.Asked(component, store, operation, failure, took);
            }
        }
    }

    private void Record(AppRuntime app, string component, string operation, bool success, TimeSpan took)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> labels = [new("app_id", app.AppId), new("component", component), new("namespace", app.Process.Namespace), new("operation", operation), new("success", success ? True : False)];
        _count.Add(1, labels);
        _latency.Record(took.TotalMilliseconds, labels);
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
