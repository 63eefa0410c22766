namespace EdgeMesh.Sidecar.Tests.Metrics;

/// <summary>What Prometheus finds on the metrics port.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task Requests_AreCountedUnderDaprsNames()
    {
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["counted"] = null }, change: o => o with { MetricsPort = 0 });
        using var http = sidecar.Http("counted");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(204, await http.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync());
        }

        var get = new Dapr.Client.Autogen.Grpc.v1.GetStateRequest { StoreName = "memory", Key = "k" };
        await sidecar.Grpc("counted").GetStateAsync(get, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        using var prometheus = new HttpClient { BaseAddress = sidecar.MetricsEndpoint };
        var text = "";
        // An answer may be with its caller a moment before it is counted.
        while (!text.Contains("dapr_grpc_io_server_completed_rpcs{", StringComparison.Ordinal) || !text.Contains("} 3\n", StringComparison.Ordinal))
        {
            text = await prometheus.GetStringAsync("/metrics", TestSidecar.Cancellation);
        }

        Assert.Contains("# TYPE dapr_http_server_request_count counter\n", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_http_server_request_count{app_id="counted",method="GET",path="/v1.0/state/memory/k",status="204"} 3""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_http_server_latency_bucket{app_id="counted",method="GET",path="/v1.0/state/memory/k",status="204",le="+Inf"} 3""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_grpc_io_server_completed_rpcs{app_id="counted",grpc_server_method="/dapr.proto.runtime.v1.Dapr/GetState",grpc_server_status="0"} 1""", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paths_WithoutEnd_DoNotMakeSeriesWithoutEnd()
    {
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["many"] = null }, change: o => o with { MetricsPort = 0 });
        for (var i = 0; i < 2100; i++)
        {
            EdgeMesh.Sidecar.Metrics.SidecarMetrics.HttpAnswered("many", "GET", $"/{i}", 200, TimeSpan.FromMilliseconds(1));
        }

        using var prometheus = new HttpClient { BaseAddress = sidecar.MetricsEndpoint };
        var series = (await prometheus.GetStringAsync("/metrics", TestSidecar.Cancellation)).Split('\n').Where(l => l.StartsWith("dapr_http_server_request_count{", StringComparison.Ordinal)).ToArray();
        Assert.InRange(series.Length, 2000, 2001);
        Assert.Contains("dapr_http_server_request_count{series=\"too many\"} 100", series);
    }
}
