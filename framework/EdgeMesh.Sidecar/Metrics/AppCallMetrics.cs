using System.Diagnostics.Metrics;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>What the sidecar asked an HTTP app, by path and status.</summary>
/// <param name="appId">The app.</param>
/// <param name="setting">How finely.</param>
/// <param name="clock">For how long.</param>
internal sealed class AppCallMetrics(string appId, MetricsSetting setting, TimeProvider clock)
{
    private const string Actors = "/actors/";

    private static readonly Counter<long> Completed = SidecarMetrics.Meter.CreateCounter<long>("dapr_http_client_completed_count", "{request}", "Requests to the app that it answered.");
    private static readonly Histogram<double> Latency = SidecarMetrics.Meter.CreateHistogram<double>("dapr_http_client_roundtrip_latency", "ms", "Time until the app's answer began.");

    public static bool IsIdle => !Completed.Enabled;

    public long Begin() => clock.GetTimestamp();

    public void Answered(HttpRequestMessage request, HttpResponseMessage answer, long began)
    {
        var (method, path) = setting.Labels(request.Method.Method, Path(request.RequestUri!.AbsolutePath));
        ReadOnlySpan<KeyValuePair<string, object?>> labels =
            [new("app_id", appId), new("method", method), new("path", path), new("status", ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture))];
        Completed.Add(1, labels);
        Latency.Record(clock.GetElapsedTime(began).TotalMilliseconds, labels);
    }

    /// <summary>daprd counts calls of an actor without its id, and without the slash at the front.</summary>
    private static string Path(string path)
    {
        if (!path.StartsWith(Actors, StringComparison.Ordinal) || path.IndexOf('/', Actors.Length) is not (> 0 and var type))
        {
            return path;
        }

        var id = path.IndexOf('/', type + 1);
        return string.Concat(path.AsSpan(1, type - 1), "/{id}", id < 0 ? "" : path.AsSpan(id));
    }
}
