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
        Assert.Contains("""dapr_http_server_request_count{app_id="counted",method="GET",path="/v1.0/state/memory",status="204"} 3""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_http_server_response_count{app_id="counted",method="GET",path="/v1.0/state/memory",status="204"} 3""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_component_state_count{app_id="counted",component="memory",namespace="core",operation="get",success="true"} 4""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_component_state_latencies_count{app_id="counted",component="memory",namespace="core",operation="get",success="true"} 4""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_runtime_component_init_total{app_id="counted",component="state.in-memory"} 1""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_runtime_component_loaded{app_id="counted"} 2""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_http_server_latency_bucket{app_id="counted",method="GET",path="/v1.0/state/memory",status="204",le="+Inf"} 3""", text, StringComparison.Ordinal);
        Assert.Contains("""dapr_grpc_io_server_completed_rpcs{app_id="counted",grpc_server_method="/dapr.proto.runtime.v1.Dapr/GetState",grpc_server_status="OK"} 1""", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_ThatLose_AreCountedAsFailures()
    {
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["losing"] = null }, change: o => o with { MetricsPort = 0 });
        using var http = sidecar.Http("losing");
        using var body = new StringContent("""[{"key":"k","value":1,"etag":"stale"}]""", System.Net.Http.Headers.MediaTypeHeaderValue.Parse("application/json"));
        Assert.Equal(409, await http.PostAsync("/v1.0/state/memory", body, TestSidecar.Cancellation).StatusAsync());
        using var prometheus = new HttpClient { BaseAddress = sidecar.MetricsEndpoint };
        Assert.Contains(
            """dapr_component_state_count{app_id="losing",component="memory",namespace="core",operation="set",success="false"} 1""",
            await prometheus.GetStringAsync("/metrics", TestSidecar.Cancellation),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1.0/state/store", "/v1.0/state/store")]
    [InlineData("/v1.0/state/store/a/b", "/v1.0/state/store")]
    [InlineData("/v1.0-alpha1/state/store/query", "/v1.0-alpha1/state/store")]
    [InlineData("/v1.0/secrets/vault/password", "/v1.0/secrets/vault")]
    [InlineData("/v1.0/actors/cart/7/method/add", "/v1.0/actors/cart/{id}/method")]
    [InlineData("/v1.0/actors/cart/7/state", "/v1.0/actors/cart/{id}/state")]
    [InlineData("/v1.0/actors/cart", "/v1.0/actors/cart")]
    [InlineData("/v1.0/invoke/orders/method/a/b", "/v1.0/invoke/orders/method/a/b")]
    public void Paths_OfCallersChoosing_AreCountedAsDaprdCountsThem(string path, string counted) => Assert.Equal(counted, EdgeMesh.Sidecar.Metrics.CountedPath.Of(path));

    [Theory]
    [InlineData("/orders/{id}", "/orders/7", true)]
    [InlineData("/orders/{id}", "/orders/7/items", false)]
    [InlineData("/orders/{id}", "/orders/", false)]
    [InlineData("/orders/{id}/items", "/orders/7/items", true)]
    [InlineData("/orders/{rest...}", "/orders/7/items/8", true)]
    [InlineData("/orders/", "/orders/7/items", true)]
    [InlineData("/orders", "/orders/7", false)]
    [InlineData("/orders/*", "/orders/7", false)]
    public void Pattern_OfPaths_TakesThoseThatDaprdTakes(string pattern, string path, bool expected) => Assert.Equal(expected, new EdgeMesh.Sidecar.Metrics.PathPattern(pattern).Takes(path));

    [Theory]
    [InlineData("http_server_request_count", "GE", "x", "xT")]
    [InlineData("dapr_http_server_request_count", "^(GET|PUT)$", "read", "read")]
    [InlineData("dapr_http_server_request_count", "[A-Z]", "$0", "$0$0$0")]
    [InlineData("dapr_http_server_request_count", "POST", "x", "GET")]
    public void Rule_OfALabel_ReplacesWhatMatches_AsItStands(string instrument, string pattern, string value, string expected)
    {
        Assert.True(EdgeMesh.Sidecar.Metrics.LabelRule.TryParse(instrument, "method", pattern, value, out var rule, out _));
        Assert.True(rule.IsAbout("dapr_http_server_request_count"));
        Assert.False(rule.IsAbout("dapr_http_server_response_count"));
        Assert.Equal(expected, rule.Apply("GET"));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("(a)\\1")]
    public void Rule_WhosePatternIsNoneOrTakesLong_IsAFault(string pattern) =>
        Assert.False(EdgeMesh.Sidecar.Metrics.LabelRule.TryParse("http_server_request_count", "method", pattern, "x", out _, out _));

    [Fact]
    public async Task Paths_WithoutEnd_DoNotMakeSeriesWithoutEnd()
    {
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["many"] = null }, change: o => o with { MetricsPort = 0 });
        for (var i = 0; i < 2100; i++)
        {
            EdgeMesh.Sidecar.Metrics.SidecarMetrics.HttpAnswered("many", EdgeMesh.Sidecar.Metrics.MetricsSetting.Default, "GET", $"/{i}", 200, TimeSpan.FromMilliseconds(1));
        }

        using var prometheus = new HttpClient { BaseAddress = sidecar.MetricsEndpoint };
        var series = (await prometheus.GetStringAsync("/metrics", TestSidecar.Cancellation)).Split('\n').Where(l => l.StartsWith("dapr_http_server_request_count{", StringComparison.Ordinal)).ToArray();
        Assert.InRange(series.Length, 2000, 2001);
        Assert.Contains("dapr_http_server_request_count{app_id=\"many\",series=\"too many\"} 100", series);
    }

    /// <summary>Who scrapes the port has Dapr's names, and what brokers gave up: a dot in a name would spoil the whole scrape.</summary>
    [Fact]
    public async Task Port_TellsDaprsNamesAndWhatWasLost_AndNoOthers()
    {
        var resources = Yaml.StandardStores + Yaml.Component("pubsub", "pubsub.in-memory");
        await using var sidecar = await TestSidecar.StartAsync(resources, new Dictionary<string, Uri?> { ["plain"] = null }, change: o => o with { MetricsPort = 0 });
        using var http = sidecar.Http("plain");
        using var measured = new Measured("in-memory");
        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/plain", "1").StatusAsync());
        Assert.Equal(204, await http.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync());
        EdgeMesh.Sidecar.Components.BrokerLosses.Add(1, "in-memory", "full", "plain");
        Assert.Contains(measured.All, m => m.StartsWith("messaging.client.sent.messages 1 edgemesh.component=pubsub messaging.destination.name=plain ", StringComparison.Ordinal));
        using var prometheus = new HttpClient { BaseAddress = sidecar.MetricsEndpoint };
        var names = (await prometheus.GetStringAsync("/metrics", TestSidecar.Cancellation)).Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l[..l.IndexOf('{', StringComparison.Ordinal)]).ToArray();
        Assert.Contains("dapr_component_pubsub_egress_count", names);
        Assert.Contains("edgemesh_pubsub_lost_total", names);
        Assert.All(names, n => Assert.Matches("^(dapr_[a-z_]+|edgemesh_pubsub_lost_total)$", n));
    }

    /// <summary>A process may hold a site: each service tells its own, by what stands on the meter.</summary>
    [Fact]
    public async Task Meter_OfAnApp_NamesItAsTheHostsOfASiteAreNamed()
    {
        var meters = new System.Collections.Concurrent.ConcurrentBag<System.Diagnostics.Metrics.Meter>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (i, _) =>
            {
                if (i.Meter.Name == "EdgeMesh.Sidecar.Components" && i.Name == "db.client.operation.duration")
                {
                    meters.Add(i.Meter);
                }
            },
        };
        listener.Start();
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["told-one"] = null, ["told-two"] = null });
        var told = meters.Select(m => string.Join(' ', m.Tags!.Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal))).Where(t => t.Contains("told-", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        Assert.Equal(["edgemesh.service=told-one edgemesh.site=core", "edgemesh.service=told-two edgemesh.site=core"], told);
    }
}
