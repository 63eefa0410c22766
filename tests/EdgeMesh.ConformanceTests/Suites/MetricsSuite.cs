using System.Text.RegularExpressions;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What Prometheus finds on the metrics ports after one call of every kind.</summary>
public abstract partial class MetricsSuite(MetricsFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What only daprd counts (docs/dapr-compatibility.md).</summary>
    private static readonly string[] OnDaprdAlone =
    [
        "dapr_http_server_request_bytes", "dapr_http_server_response_bytes", "dapr_http_client_sent_bytes", "dapr_http_client_received_bytes", "dapr_grpc_io_server_received_bytes_per_rpc",
        "dapr_grpc_io_server_sent_bytes_per_rpc", "dapr_grpc_io_client_completed_rpcs", "dapr_grpc_io_client_roundtrip_latency", "dapr_grpc_io_client_sent_bytes_per_rpc",
        "dapr_grpc_io_client_received_bytes_per_rpc", "dapr_runtime_actor_rebalanced_total", "dapr_runtime_acl_global_policy_action_allowed_total",
    ];

    /// <summary>By name: the type, and the labels.</summary>
    private static readonly Dictionary<string, (string Type, string Labels)> Known = new()
    {
        ["dapr_http_server_request_count"] = ("counter", "app_id,method,path,status"),
        ["dapr_http_server_response_count"] = ("counter", "app_id,method,path,status"),
        ["dapr_http_server_latency"] = ("histogram", "app_id,method,path,status"),
        ["dapr_http_client_completed_count"] = ("counter", "app_id,method,path,status"),
        ["dapr_http_client_roundtrip_latency"] = ("histogram", "app_id,method,path,status"),
        ["dapr_grpc_io_server_completed_rpcs"] = ("counter", "app_id,grpc_server_method,grpc_server_status"),
        ["dapr_grpc_io_server_server_latency"] = ("histogram", "app_id,grpc_server_method,grpc_server_status"),
        ["dapr_component_state_count"] = ("counter", "app_id,component,namespace,operation,success"),
        ["dapr_component_state_latencies"] = ("histogram", "app_id,component,namespace,operation,success"),
        ["dapr_component_secret_count"] = ("counter", "app_id,component,namespace,operation,success"),
        ["dapr_component_secret_latencies"] = ("histogram", "app_id,component,namespace,operation,success"),
        ["dapr_component_configuration_count"] = ("counter", "app_id,component,namespace,operation,success"),
        ["dapr_component_configuration_latencies"] = ("histogram", "app_id,component,namespace,operation,success"),
        ["dapr_component_crypto_count"] = ("counter", "app_id,component,namespace,operation,success"),
        ["dapr_component_crypto_latencies"] = ("histogram", "app_id,component,namespace,operation,success"),
        ["dapr_component_output_binding_count"] = ("counter", "app_id,component,namespace,operation,success"),
        ["dapr_component_output_binding_latencies"] = ("histogram", "app_id,component,namespace,operation,success"),
        ["dapr_component_input_binding_count"] = ("counter", "app_id,component,namespace,success"),
        ["dapr_component_input_binding_latencies"] = ("histogram", "app_id,component,namespace,success"),
        ["dapr_component_job_success_count"] = ("counter", "app_id,namespace,operation"),
        ["dapr_component_job_failure_count"] = ("counter", "app_id,namespace,operation"),
        ["dapr_component_job_latencies"] = ("histogram", "app_id,namespace,operation,success"),
        ["dapr_component_pubsub_egress_count"] = ("counter", "app_id,component,namespace,success,topic"),
        ["dapr_component_pubsub_egress_latencies"] = ("histogram", "app_id,component,namespace,success,topic"),
        ["dapr_component_pubsub_egress_bulk_count"] = ("counter", "app_id,component,namespace,success,topic"),
        ["dapr_component_pubsub_egress_bulk_latencies"] = ("histogram", "app_id,component,namespace,success,topic"),
        ["dapr_component_pubsub_ingress_count"] = ("counter", "app_id,component,namespace,process_status,status,topic"),
        ["dapr_component_pubsub_ingress_latencies"] = ("histogram", "app_id,component,namespace,process_status,status,topic"),
        ["dapr_component_pubsub_ingress_bulk_count"] = ("counter", "app_id,component,namespace,process_status,topic"),
        ["dapr_component_pubsub_ingress_bulk_event_count"] = ("counter", "app_id,component,namespace,process_status,topic"),
        ["dapr_component_pubsub_ingress_bulk_latencies"] = ("histogram", "app_id,component,namespace,process_status,topic"),
        ["dapr_runtime_component_loaded"] = ("counter", "app_id"),
        ["dapr_runtime_component_init_total"] = ("counter", "app_id,component"),
        ["dapr_runtime_service_invocation_req_sent_total"] = ("counter", "app_id,dst_app_id,type"),
        ["dapr_runtime_service_invocation_res_recv_total"] = ("counter", "app_id,src_app_id,status,type"),
        ["dapr_runtime_service_invocation_res_recv_latency_ms"] = ("histogram", "app_id,src_app_id,status"),
        ["dapr_runtime_service_invocation_req_recv_total"] = ("counter", "app_id,src_app_id"),
        ["dapr_runtime_service_invocation_res_sent_total"] = ("counter", "app_id,dst_app_id,status"),
        ["dapr_runtime_actor_pending_actor_calls"] = ("gauge", "actor_type,app_id"),
        ["dapr_runtime_actor_timers"] = ("gauge", "actor_type,app_id"),
        ["dapr_runtime_actor_timers_fired_total"] = ("counter", "actor_type,app_id,success"),
        ["dapr_runtime_actor_reminders_fired_total"] = ("counter", "actor_type,app_id,success"),
        ["dapr_runtime_actor_deactivated_total"] = ("counter", "actor_type,app_id"),
        ["dapr_resiliency_loaded"] = ("counter", "app_id,name,namespace"),
        ["dapr_resiliency_count"] = ("counter", "app_id,flow_direction,name,namespace,policy,status,target"),
        ["dapr_resiliency_activations_total"] = ("counter", "app_id,flow_direction,name,namespace,policy,status,target"),
        ["dapr_resiliency_cb_state"] = ("gauge", "app_id,flow_direction,name,namespace,policy,status,target"),
    };

    [Theory]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="GET",path="/v1.0/invoke/beta/method/echo/hello",status="200"}""")]
    [InlineData("""dapr_http_server_response_count{app_id="alpha",method="GET",path="/v1.0/invoke/nobody/method/x",status="500"}""")]
    [InlineData("""dapr_http_server_latency{app_id="alpha",method="POST",path="/v1.0/state/memory",status="204"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="POST",path="/v1.0/state/memory",status="409"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="POST",path="/v1.0/state/memory",status="200"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="GET",path="/v1.0/secrets/files",status="500"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="POST",path="/v1.0/actors/plain/{id}/method",status="200"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="GET",path="/v1.0/actors/plain/{id}/reminders",status="200"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="POST",path="/v1.0/publish/pubsub/m-ok",status="204"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="POST",path="/v1.0/publish/nosuch/x",status="404"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="GET",path="/v1.0-alpha1/jobs/m-job",status="200"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="alpha",method="GET",path="/nothing",status="404"}""")]
    [InlineData("""dapr_http_client_completed_count{app_id="alpha",method="POST",path="/deliver/m-ok",status="200"}""")]
    [InlineData("""dapr_http_client_completed_count{app_id="alpha",method="POST",path="/deliver/m-again",status="500"}""")]
    [InlineData("""dapr_http_client_completed_count{app_id="alpha",method="PUT",path="actors/plain/{id}/method/ok",status="200"}""")]
    [InlineData("""dapr_http_client_completed_count{app_id="alpha",method="DELETE",path="actors/idle/{id}",status="200"}""")]
    [InlineData("""dapr_http_client_completed_count{app_id="alpha",method="POST",path="/job/m-job",status="200"}""")]
    [InlineData("""dapr_http_client_completed_count{app_id="beta",method="GET",path="/echo/hello",status="200"}""")]
    [InlineData("""dapr_grpc_io_server_completed_rpcs{app_id="alpha",grpc_server_method="/dapr.proto.runtime.v1.Dapr/GetState",grpc_server_status="OK"}""")]
    [InlineData("""dapr_grpc_io_server_completed_rpcs{app_id="alpha",grpc_server_method="/dapr.proto.runtime.v1.Dapr/GetState",grpc_server_status="InvalidArgument"}""")]
    [InlineData("""dapr_component_state_count{app_id="alpha",component="memory",namespace="core",operation="get",success="true"}""")]
    [InlineData("""dapr_component_state_count{app_id="alpha",component="memory",namespace="core",operation="set",success="true"}""")]
    [InlineData("""dapr_component_state_count{app_id="alpha",component="memory",namespace="core",operation="set",success="false"}""")]
    [InlineData("""dapr_component_state_count{app_id="alpha",component="memory",namespace="core",operation="delete",success="true"}""")]
    [InlineData("""dapr_component_state_count{app_id="alpha",component="memory",namespace="core",operation="bulk_get",success="true"}""")]
    [InlineData("""dapr_component_state_count{app_id="alpha",component="memory",namespace="core",operation="transaction",success="true"}""")]
    [InlineData("""dapr_component_secret_count{app_id="alpha",component="files",namespace="core",operation="get",success="true"}""")]
    [InlineData("""dapr_component_secret_count{app_id="alpha",component="files",namespace="core",operation="get",success="false"}""")]
    [InlineData("""dapr_component_secret_count{app_id="alpha",component="files",namespace="core",operation="bulk_get",success="true"}""")]
    [InlineData("""dapr_component_configuration_count{app_id="alpha",component="settings",namespace="core",operation="get",success="true"}""")]
    [InlineData("""dapr_component_configuration_count{app_id="alpha",component="settings",namespace="core",operation="subscribe",success="true"}""")]
    [InlineData("""dapr_component_crypto_count{app_id="alpha",component="crypto",namespace="core",operation="crypto_op",success="true"}""")]
    [InlineData("""dapr_component_output_binding_count{app_id="alpha",component="web",namespace="core",operation="get",success="true"}""")]
    [InlineData("""dapr_component_output_binding_count{app_id="alpha",component="web",namespace="core",operation="nope",success="false"}""")]
    [InlineData("""dapr_component_input_binding_count{app_id="alpha",component="every-second",namespace="core",success="true"}""")]
    [InlineData("""dapr_component_job_success_count{app_id="alpha",namespace="core",operation="job_trigger_op"}""")]
    [InlineData("""dapr_component_pubsub_egress_count{app_id="alpha",component="pubsub",namespace="core",success="true",topic="m-ok"}""")]
    [InlineData("""dapr_component_pubsub_egress_bulk_count{app_id="alpha",component="pubsub",namespace="core",success="true",topic="m-bulk"}""")]
    [InlineData("""dapr_component_pubsub_ingress_count{app_id="alpha",component="pubsub",namespace="core",process_status="success",status="success",topic="m-ok"}""")]
    [InlineData("""dapr_component_pubsub_ingress_count{app_id="alpha",component="pubsub",namespace="core",process_status="drop",status="success",topic="m-drop"}""")]
    [InlineData("""dapr_component_pubsub_ingress_count{app_id="alpha",component="pubsub",namespace="core",process_status="success",status="success",topic="m-again"}""")]
    [InlineData("""dapr_component_pubsub_ingress_count{app_id="alpha",component="pubsub",namespace="core",process_status="retry",status="retry",topic="m-again"}""")]
    [InlineData("""dapr_runtime_component_loaded{app_id="alpha"}""")]
    [InlineData("""dapr_runtime_component_init_total{app_id="alpha",component="state.in-memory"}""")]
    [InlineData("""dapr_runtime_service_invocation_req_sent_total{app_id="alpha",dst_app_id="beta",type="unary"}""")]
    [InlineData("""dapr_runtime_service_invocation_res_recv_total{app_id="alpha",src_app_id="beta",status="200",type="unary"}""")]
    [InlineData("""dapr_runtime_service_invocation_res_recv_total{app_id="alpha",src_app_id="beta",status="500",type="unary"}""")]
    [InlineData("""dapr_runtime_service_invocation_req_recv_total{app_id="beta",src_app_id="alpha"}""")]
    [InlineData("""dapr_runtime_service_invocation_res_sent_total{app_id="beta",dst_app_id="alpha",status="200"}""")]
    [InlineData("""dapr_runtime_actor_pending_actor_calls{actor_type="plain",app_id="alpha"}""")]
    [InlineData("""dapr_runtime_actor_timers{actor_type="plain",app_id="alpha"}""")]
    [InlineData("""dapr_runtime_actor_timers_fired_total{actor_type="plain",app_id="alpha",success="true"}""")]
    [InlineData("""dapr_runtime_actor_reminders_fired_total{actor_type="plain",app_id="alpha",success="true"}""")]
    [InlineData("""dapr_runtime_actor_deactivated_total{actor_type="idle",app_id="alpha"}""")]
    [InlineData("""dapr_resiliency_loaded{app_id="alpha",name="policies",namespace=""}""")]
    [InlineData("""dapr_resiliency_count{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="retry",status="",target="app_beta"}""")]
    [InlineData("""dapr_resiliency_count{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="circuitbreaker",status="closed",target="app_beta"}""")]
    [InlineData("""dapr_resiliency_count{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="timeout",status="",target="app_outside"}""")]
    [InlineData("""dapr_resiliency_count{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="timeout",status="",target="Statestore_memory"}""")]
    [InlineData("""dapr_resiliency_count{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="retry",status="",target="actor_plain"}""")]
    [InlineData("""dapr_resiliency_count{app_id="alpha",flow_direction="inbound",name="policies",namespace="",policy="retry",status="",target="Pubsub_pubsub"}""")]
    [InlineData("""dapr_resiliency_activations_total{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="retry",status="",target="app_beta"}""")]
    [InlineData("""dapr_resiliency_activations_total{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="circuitbreaker",status="open",target="app_beta"}""")]
    [InlineData("""dapr_resiliency_activations_total{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="timeout",status="",target="app_outside"}""")]
    [InlineData("""dapr_resiliency_activations_total{app_id="alpha",flow_direction="inbound",name="policies",namespace="",policy="retry",status="",target="Pubsub_pubsub"}""")]
    [InlineData("""dapr_resiliency_cb_state{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="circuitbreaker",status="open",target="app_beta"}""")]
    [InlineData("""dapr_resiliency_cb_state{app_id="alpha",flow_direction="outbound",name="policies",namespace="",policy="circuitbreaker",status="half-open",target="Statestore_memory"}""")]
    public async Task Series_IsThere(string series)
    {
        var dapr = await fixture.RunningAsync();
        var app = series.Contains("{app_id=\"beta\"", StringComparison.Ordinal) ? "beta" : "alpha";
        await Eventually.HoldsAsync(async () => (await MetricsCalls.ScrapeAsync(dapr, app)).Series.Contains(series), Cancellation);
    }

    [Fact]
    public async Task Names_TypesAndLabels_AreTheKnownOnes()
    {
        var dapr = await fixture.RunningAsync();
        foreach (var app in new[] { "alpha", "beta" })
        {
            var (series, types) = await MetricsCalls.ScrapeAsync(dapr, app);
            var (mine, known) = (types.Where(t => !OnDaprdAlone.Contains(t.Key)).ToArray(), Known);
            Assert.Empty(mine.Select(t => t.Key).Except(known.Keys));
            Assert.All(mine, t => Assert.Equal((t.Key, known[t.Key].Type), (t.Key, t.Value)));
            foreach (var one in series.Where(s => known.ContainsKey(Name(s))))
            {
                Assert.Equal((one, known[Name(one)].Labels), (one, string.Join(',', Label().Matches(one).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal))));
            }
        }
    }

    private static string Name(string series) => series[..series.IndexOf('{', StringComparison.Ordinal)];

    [GeneratedRegex("[{,]([a-z_]+)=")]
    private static partial Regex Label();
}

/// <summary>What a Configuration changes of it.</summary>
public abstract class CoarseMetricsSuite(MetricsFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""dapr_http_server_request_count{app_id="coarse",method="",path="",status="204"}""")]
    [InlineData("""dapr_http_server_request_count{app_id="coarse",method="",path="/v1.0/invoke/{id}/method/echo/{what}",status="200"}""")]
    [InlineData("""dapr_http_client_completed_count{app_id="coarse",method="",path="",status="200"}""")]
    [InlineData("""dapr_component_state_count{app_id="coarse",component="Mory",namespace="core",operation="reading",success="true"}""")]
    [InlineData("""dapr_component_state_count{app_id="coarse",component="Mory",namespace="core",operation="set",success="true"}""")]
    [InlineData("""dapr_error_code_total{app_id="coarse",category="state",error_code="ERR_STATE_SAVE"}""")]
    [InlineData("""dapr_error_code_total{app_id="coarse",category="pubsub",error_code="ERR_PUBSUB_NOT_FOUND"}""")]
    [InlineData("""dapr_error_code_total{app_id="coarse",category="secret",error_code="ERR_SECRET_GET"}""")]
    [InlineData("""dapr_error_code_total{app_id="coarse",category="binding",error_code="ERR_INVOKE_OUTPUT_BINDING"}""")]
    [InlineData("""dapr_error_code_total{app_id="coarse",category="service-invocation",error_code="ERR_DIRECT_INVOKE"}""")]
    public async Task Series_IsThere(string series)
    {
        var dapr = await fixture.RunningAsync();
        await Eventually.HoldsAsync(async () => (await MetricsCalls.ScrapeAsync(dapr, MetricsFixture.Coarse)).Series.Contains(series), Cancellation);
    }

    [Fact]
    public async Task Paths_AndMethods_AreNotTold()
    {
        var dapr = await fixture.RunningAsync();
        var (series, _) = await MetricsCalls.ScrapeAsync(dapr, MetricsFixture.Coarse);
        Assert.DoesNotContain(series, s => s.StartsWith("dapr_http_server_", StringComparison.Ordinal) && (s.Contains("path=\"/v1.0/state", StringComparison.Ordinal) || s.Contains("GET", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Buckets_AreThoseAsked()
    {
        var dapr = await fixture.RunningAsync();
        using var prometheus = new HttpClient { BaseAddress = dapr.Engine.Metrics(MetricsFixture.Coarse) };
        var bounds = (await prometheus.GetStringAsync("/metrics", Cancellation)).Split('\n')
            .Where(l => l.StartsWith("dapr_http_server_latency_bucket{", StringComparison.Ordinal) && l.Contains("status=\"204\"", StringComparison.Ordinal))
            .Select(l => l[(l.IndexOf("le=\"", StringComparison.Ordinal) + 4)..l.LastIndexOf('"')]);
        Assert.Equal(["5", "50", "500", "+Inf"], bounds.Distinct());
    }
}

public sealed class EmbeddedMetricsTests(EmbeddedMetricsFixture fixture) : MetricsSuite(fixture);

public sealed class EmbeddedCoarseMetricsTests(EmbeddedCoarseMetricsFixture fixture) : CoarseMetricsSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdMetricsTests(DaprdMetricsFixture fixture) : MetricsSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdCoarseMetricsTests(DaprdCoarseMetricsFixture fixture) : CoarseMetricsSuite(fixture);
