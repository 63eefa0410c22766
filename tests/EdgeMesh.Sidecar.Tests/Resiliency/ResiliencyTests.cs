using EdgeMesh.Sidecar.Resiliency;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Resiliency;

/// <summary>Resiliency resources: which are taken, and what they do to calls.</summary>
public sealed class ResiliencyTests
{
    private const string Resource = """
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: r }
        spec:
          policies:
            timeouts: { short: 200ms }
            retries:
              two: { policy: constant, duration: 5ms, maxRetries: 2 }
              some: { duration: 5ms, maxRetries: 2, matching: { httpStatusCodes: "429,501-503" } }
              DefaultAppRetryPolicy: { duration: 5ms, maxRetries: 1 }
            circuitBreakers:
              cb: { timeout: 1h, trip: consecutiveFailures >= 2 }
          targets:
            apps:
              beta: { retry: two }
              slow: { retry: two, timeout: short }
              gamma: { circuitBreaker: cb }
              delta: { retry: some }

        """;

    [Theory]
    [InlineData("beta", 500, 3)]
    [InlineData("beta", 404, 3)]
    [InlineData("beta", 201, 1)]
    [InlineData("beta", 302, 1)]
    [InlineData("delta", 503, 3)]
    [InlineData("delta", 500, 1)]
    [InlineData("other", 500, 2)]
    public async Task Invoke_AppAnswers_IsAskedAsOftenAsItsPolicySays(string target, int status, int calls)
    {
        var asked = 0;
        await using var app = await TestApp.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            context.Response.StatusCode = status;
            return context.Response.WriteAsync("said by the app");
        });
        await using var sidecar = await StartAsync(app, target);
        using var http = sidecar.Http("alpha");
        using var answer = await http.PostJsonAsync($"/v1.0/invoke/{target}/method/x", """{"n":1}""");
        Assert.Equal((status, "said by the app", calls), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestSidecar.Cancellation), asked));
    }

    [Fact]
    public async Task Invoke_Retried_SendsTheWholeBodyEachTime()
    {
        var bodies = new List<string>();
        await using var app = await TestApp.StartAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            bodies.Add($"{context.Request.ContentType} {context.Request.Headers["dapr-api-token"]} {await reader.ReadToEndAsync()}");
            context.Response.StatusCode = bodies.Count < 3 ? 503 : 200;
        });
        await using var sidecar = await StartAsync(app, "beta");
        using var http = sidecar.Http("alpha");
        Assert.Equal(200, await http.PostJsonAsync("/v1.0/invoke/beta/method/x", """{"n":1}""").StatusAsync());
        Assert.Equal(Enumerable.Repeat($$"""application/json {{TestApp.Token}} {"n":1}""", 3), bodies);
    }

    [Fact]
    public async Task Invoke_AppTakesTooLong_SaysSoAfterItsRetries()
    {
        await using var app = await TestApp.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        await using var sidecar = await StartAsync(app, "slow");
        using var http = sidecar.Http("alpha");
        Assert.Equal((500, "ERR_DIRECT_INVOKE", "failed to invoke, id: slow, err: context deadline exceeded"),
            await http.GetAsync("/v1.0/invoke/slow/method/x", TestSidecar.Cancellation).FaultAsync());
    }

    [Fact]
    public async Task Invoke_TheBreakerIsOpen_IsRefusedWithoutACall()
    {
        var asked = 0;
        await using var app = await TestApp.StartAsync(context =>
        {
            asked++;
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await using var sidecar = await StartAsync(app, "gamma");
        using var http = sidecar.Http("alpha");
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(500, await http.GetAsync("/v1.0/invoke/gamma/method/x", TestSidecar.Cancellation).StatusAsync());
        }

        Assert.Equal((500, "ERR_DIRECT_INVOKE", "failed to invoke, id: gamma, err: circuit breaker is open"),
            await http.GetAsync("/v1.0/invoke/gamma/method/x", TestSidecar.Cancellation).FaultAsync());
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Resource_WithFaults_StopsTheStartWithAllOfThem()
    {
        const string bad = """
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: r }
            spec:
              policies:
                timeouts: { short: soon }
                retries:
                  a: { policy: linear }
                  b: { matching: { httpStatusCodes: "99" } }
                circuitBreakers:
                  c: { trip: failures > 2 }
              targets:
                apps:
                  beta: { retry: nobody }
                actors:
                  T: { circuitBreakerScope: all }
                topics: {}

            """;
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => TestSidecar.StartAsync(bad));
        Assert.All(
            new[] { ":7: 'short' must be a duration", ":9: 'policy' must be constant or exponential", ":10: 'httpStatusCodes' must list codes", ":12: the trip condition 'failures > 2' is refused",
                ":15: 'retry' names the policy 'nobody', which no Resiliency resource for 'alpha' defines. They define: a, b.", ":17: 'circuitBreakerScope' must be", ":18: 'topics' is not known here" },
            fault => Assert.Contains(fault, error.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "alpha", "r.yaml:10: 'retry' names the policy 'theirs', which no Resiliency resource for 'alpha' defines. They define: .")]
    [InlineData("alpha", "alpha", "r.yaml:10: 'retry' names the policy 'theirs', which no Resiliency resource for 'alpha' defines. They define: .")]
    [InlineData("alpha, beta", "alpha", "r.yaml:10: 'retry' names the policy 'theirs', which no Resiliency resource for 'alpha' defines. They define: .")]
    [InlineData("beta", "alpha", "")]
    [InlineData("", "beta", "")]
    [InlineData("alpha, beta", "beta", "")]
    public void Target_NamingAPolicyOfAnotherAppsResource_IsRefusedForTheAppThatLacksIt(string scopes, string appId, string expected)
    {
        var folder = TestSidecar.TemporaryFolder();
        try
        {
            File.WriteAllText(Path.Combine(folder, "r.yaml"), $$"""
                apiVersion: dapr.io/v1alpha1
                kind: Resiliency
                metadata: { name: theirs }
                scopes: [beta]
                spec: { policies: { retries: { theirs: { duration: 1s } } } }
                ---
                apiVersion: dapr.io/v1alpha1
                kind: Resiliency
                metadata: { name: ours }
                spec: { targets: { apps: { gamma: { retry: theirs } } } }
                scopes: [{{scopes}}]
                """);
            var faults = new List<string>();
            ResourceLoader.Load(new SidecarOptions { Namespace = "core", ResourcesPaths = [folder], Apps = [new SidecarAppOptions { AppId = appId }] }, faults);
            Assert.Equal(expected, string.Concat(faults.Select(f => f[(f.IndexOf("r.yaml", StringComparison.Ordinal))..])));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData(", maxRetries: 1", 3)]
    [InlineData(", maxRetries: -1", 3)]
    [InlineData(", maxRetries: 7", 7)]
    public void BuiltInRetry_ThatIsReplaced_KeepsItsThreeTries(string maxRetries, int expected)
    {
        var folder = TestSidecar.TemporaryFolder();
        try
        {
            var file = Path.Combine(folder, "r.yaml");
            File.WriteAllText(file, $"apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: {{ name: r }}\nspec: {{ policies: {{ retries: {{ DaprBuiltInServiceRetries: {{ duration: '250'{maxRetries} }} }} }} }}\n");
            var faults = new List<string>();
            var read = ResourceLoader.Load(new SidecarOptions { Namespace = "core", ResourcesPaths = [file], Apps = [] }, faults);
            Assert.Empty(faults);
            var retry = ResilienceTable.For("alpha", read.Resiliencies, TimeProvider.System).BuiltInRetry("DaprBuiltInServiceRetries");
            Assert.Equal((expected, TimeSpan.FromMilliseconds(250)), (retry.MaxRetries, retry.Duration));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(0, 0.0, 0.25)]
    [InlineData(0, 1.0, 0.75)]
    [InlineData(1, 0.5, 0.75)]
    [InlineData(50, 0.5, 10)]
    public void Pause_Exponential_GrowsUpToItsLimit(int retry, double random, double seconds) =>
        Assert.Equal(seconds, new RetryRule { IsExponential = true, MaxInterval = TimeSpan.FromSeconds(10) }.Pause(retry, random).TotalSeconds, 6);

    private static Task<TestSidecar> StartAsync(TestApp app, string target) =>
        TestSidecar.StartAsync(Resource, new Dictionary<string, Uri?> { ["alpha"] = null, [target] = app.Url });
}
