using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Calls from app to app, as caller and as called, under daprd's names. An app's calls of itself are not among them.</summary>
internal static class InvocationMetrics
{
    private const string NoAnswer = "0";

    private static readonly Counter<long> Sent = Counter("dapr_runtime_service_invocation_req_sent_total", "Calls of other apps that were sent.");
    private static readonly Counter<long> Answered = Counter("dapr_runtime_service_invocation_res_recv_total", "Answers of other apps that came.");
    private static readonly Histogram<double> Latency = SidecarMetrics.Meter.CreateHistogram<double>("dapr_runtime_service_invocation_res_recv_latency_ms", "ms", "Time until the other app's answer began.");
    private static readonly Counter<long> Received = Counter("dapr_runtime_service_invocation_req_recv_total", "Calls by other apps that came.");
    private static readonly Counter<long> Given = Counter("dapr_runtime_service_invocation_res_sent_total", "Answers to other apps that were sent.");

    /// <summary>Makes a call and counts it for its caller, and for the called app where that is of this process.</summary>
    public static async Task<HttpResponseMessage> CountAsync(AppRuntime caller, string calleeId, bool isHere, Func<Task<HttpResponseMessage>> call)
    {
        if (!Sent.Enabled || calleeId == caller.AppId)
        {
            return await call();
        }

        Sent.Add(1, new("app_id", caller.AppId), new("dst_app_id", calleeId), new("type", "unary"));
        var began = caller.Process.Clock.GetTimestamp();
        var answer = isHere ? await CountReceivedAsync(calleeId, caller.AppId, call) : await call();
        var status = Status(answer);
        Answered.Add(1, new("app_id", caller.AppId), new("src_app_id", calleeId), new("status", status), new("type", "unary"));
        Latency.Record(caller.Process.Clock.GetElapsedTime(began).TotalMilliseconds, new("app_id", caller.AppId), new("src_app_id", calleeId), new("status", status));
        return answer;
    }

    /// <summary>Brings a call to an app, and counts it there.</summary>
    public static async Task<HttpResponseMessage> CountReceivedAsync(string appId, string callerId, Func<Task<HttpResponseMessage>> call)
    {
        if (!Received.Enabled)
        {
            return await call();
        }

        Received.Add(1, new("app_id", appId), new("src_app_id", callerId));
        var status = NoAnswer;
        try
        {
            var answer = await call();
            status = Status(answer);
            return answer;
        }
        finally
        {
            Given.Add(1, new("app_id", appId), new("dst_app_id", callerId), new("status", status));
        }
    }

    private static string Status(HttpResponseMessage answer) =>
        (answer is GrpcRefusal refusal ? (int)refusal.Status : (int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static Counter<long> Counter(string name, string help) => SidecarMetrics.Meter.CreateCounter<long>(name, "{call}", help);
}
