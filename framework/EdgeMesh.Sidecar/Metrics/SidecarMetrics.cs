using System.Diagnostics.Metrics;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>The meter of all that the sidecar counts. Instruments have daprd's names.</summary>
internal static class SidecarMetrics
{
    public const string MeterName = "EdgeMesh.Sidecar";

    public static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> HttpRequests = Meter.CreateCounter<long>("dapr_http_server_request_count", "{request}", "Requests by HTTP.");
    private static readonly Counter<long> HttpResponses = Meter.CreateCounter<long>("dapr_http_server_response_count", "{response}", "Answers by HTTP.");
    private static readonly Histogram<double> HttpLatency = Meter.CreateHistogram<double>("dapr_http_server_latency", "ms", "Time that requests by HTTP took.");
    private static readonly Counter<long> GrpcRequests = Meter.CreateCounter<long>("dapr_grpc_io_server_completed_rpcs", "{call}", "Calls by gRPC that ended.");
    private static readonly Histogram<double> GrpcLatency = Meter.CreateHistogram<double>("dapr_grpc_io_server_server_latency", "ms", "Time that calls by gRPC took.");

    /// <summary>Nobody is asking: then nothing is to be measured.</summary>
    public static bool IsIdle => !HttpRequests.Enabled && !GrpcRequests.Enabled;

    public static void HttpAnswered(string appId, MetricsSetting setting, string method, string path, int status, TimeSpan took)
    {
        var counted = setting.Labels(method, path);
        ReadOnlySpan<KeyValuePair<string, object?>> labels =
            [new("app_id", appId), new("method", counted.Method), new("path", counted.Path), new("status", status.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        HttpRequests.Add(1, labels);
        HttpResponses.Add(1, labels);
        HttpLatency.Record(took.TotalMilliseconds, labels);
    }

    /// <param name="appId">Whose sidecar was called.</param>
    /// <param name="method">The path.</param>
    /// <param name="status">Null: the caller went before there was one.</param>
    /// <param name="took">Until the answer's end.</param>
    public static void GrpcAnswered(string appId, string method, StatusCode? status, TimeSpan took)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> labels = [new("app_id", appId), new("grpc_server_method", method), new("grpc_server_status", Name(status))];
        GrpcRequests.Add(1, labels);
        GrpcLatency.Record(took.TotalMilliseconds, labels);
    }

    /// <summary>As daprd's language spells it.</summary>
    private static string Name(StatusCode? status) => status switch
    {
        null or StatusCode.Cancelled => "Canceled",
        { } code => code.ToString(),
    };
}
