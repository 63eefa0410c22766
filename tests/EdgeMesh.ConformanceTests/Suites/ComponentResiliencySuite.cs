using System.Diagnostics;
using System.Net;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Policies of components beside state and pub/sub.</summary>
public abstract class ComponentResiliencySuite(bool isReal) : RunSuite(isReal)
{
    private const string Open = "circuit breaker is open";

    /// <summary>In a file of its own: of a file daprd looks at the first document alone for a Resiliency.</summary>
    private static string Policies(params string[] targets) => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: policies }
        spec:
          policies:
            retries: { twice: { policy: constant, duration: 10ms, maxRetries: 2 } }
            circuitBreakers: { trips: { maxRequests: 1, timeout: 60s, trip: consecutiveFailures >= 2 } }
          targets:
            components: { {{string.Join(", ", targets)}} }
        """;

    private static string Trips(string component) => $"{component}: {{ outbound: {{ circuitBreaker: trips }} }}";

    [Fact]
    public async Task Breaker_OfASecretStore_Trips()
    {
        await File.WriteAllTextAsync(Path.Combine(Folder, "secrets.json"), "{}", Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Component("secrets", "secretstores.local.file", ("secretsFile", Path.Combine(Folder, "secrets.json"))), Trips("secrets"));
        using var client = run.Client();
        await AssertTripsAsync(() => client.GetAsync("/v1.0/secrets/secrets/none", Cancellation), "ERR_SECRET_GET", "failed getting secret with key none from secret store secrets: ");
    }

    [Fact]
    public async Task Breaker_OfAnOutputBinding_Trips()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Component("files", "bindings.localstorage", ("rootPath", Folder)), Trips("files"));
        using var client = run.Client();
        await AssertTripsAsync(
            () => client.PostAsync("/v1.0/bindings/files", Running.Json("""{"operation":"get","metadata":{"fileName":"none"}}"""), Cancellation),
            "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding files: ");
    }

    [Fact]
    public async Task Breaker_OfACryptoProvider_Trips()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Component("crypto", "crypto.dapr.localstorage", ("path", Folder)), Trips("crypto"));
        using var client = run.Client();
        client.DefaultRequestHeaders.Add("dapr-key-name", "none.pem");
        client.DefaultRequestHeaders.Add("dapr-key-wrap-algorithm", "RSA");
        await AssertTripsAsync(
            () => client.PutAsync("/v1.0-alpha1/crypto/crypto/encrypt", new StringContent("x"), Cancellation), "ERR_CRYPTO", "failed to perform operation: failed to wrap the file key: ");
    }

    [Fact]
    public async Task Retry_OfAnInputBinding_TellsTheAppAgain()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        app.Answer("binding-ticker", _ => Results.StatusCode(500));
        await using var run = await StartAsync(
            app, Component("ticker", "bindings.cron", ("schedule", "@every 8s"), ("route", "/bindings/ticker"), ("direction", "input")), "ticker: { inbound: { retry: twice } }");
        await app.NextAsync("binding-ticker", Cancellation);
        var began = Stopwatch.GetTimestamp();
        await app.NextAsync("binding-ticker", Cancellation);
        await app.NextAsync("binding-ticker", Cancellation);

        // Sooner than the schedule tells again.
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(7));
    }

    [Fact]
    [Trait("Category", "Engines")]
    public async Task Breakers_OfAConfigurationStoreAndOfLocks_Trip()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var redis = await RedisProcess.StartAsync(Folder);
        var resources = Component("settings", "configuration.redis", ("redisHost", redis.Address)) + Component("locks", "lock.redis", ("redisHost", redis.Address));
        await using var run = await StartAsync(app, resources, Trips("settings"), Trips("locks"));
        using var client = run.Client();
        await redis.StopAsync();
        await AssertTripsAsync(() => client.GetAsync("/v1.0/configuration/settings?key=a", Cancellation), "ERR_CONFIGURATION_GET", "failed to get [a] from Configuration store settings: ");
        using var subscribed = await client.GetAsync("/v1.0/configuration/settings/subscribe?key=a", Cancellation);
        Assert.Equal((500, "ERR_CONFIGURATION_SUBSCRIBE", "failed to subscribe [a] from Configuration store settings: " + Open), await FaultAsync(subscribed));
        await AssertTripsAsync(
            () => client.PostAsync("/v1.0-alpha1/lock/locks", Running.Json("""{"resourceId":"r","lockOwner":"o","expiryInSeconds":60}"""), Cancellation), "ERR_TRY_LOCK", "failed to try acquiring lock: ");
        using var unlocked = await client.PostAsync("/v1.0-alpha1/unlock/locks", Running.Json("""{"resourceId":"r","lockOwner":"o"}"""), Cancellation);
        Assert.Equal((500, "ERR_UNLOCK", "failed to release lock: " + Open), await FaultAsync(unlocked));
    }

    [Fact]
    [Trait("Category", "Engines")]
    public async Task Read_OfAStateStoreThatIsAway_TellsSo_AndItsBreakerTrips()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var redis = await RedisProcess.StartAsync(Folder);
        var resources = string.Concat(new[] { "guarded", "plain" }.Select(name => Component(name, "state.redis", ("redisHost", redis.Address), ("redisMaxRetries", "-1"))));
        await using var run = await StartAsync(app, resources, Trips("guarded"));
        using var client = run.Client();
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress($"http://127.0.0.1:{run.GrpcPort}");
        var dapr = new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(channel);
        await redis.StopAsync();
        await AssertTripsAsync(() => client.GetAsync("/v1.0/state/guarded/k", Cancellation), "ERR_STATE_GET", "fail to get k from state store guarded: ");
        using var bulk = await client.PostAsync("/v1.0/state/guarded/bulk", Running.Json("""{"keys":["a","b"]}"""), Cancellation);
        Assert.Equal((500, "ERR_STATE_BULK_GET", Open), await FaultAsync(bulk));
        var read = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () => await dapr.GetStateAsync(new() { StoreName = "guarded", Key = "k" }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal((Grpc.Core.StatusCode.Internal, "fail to get k from state store guarded: " + Open), (read.StatusCode, read.Status.Detail));
        var many = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () => await dapr.GetBulkStateAsync(new() { StoreName = "guarded", Keys = { "k" } }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal((Grpc.Core.StatusCode.Unknown, Open), (many.StatusCode, many.Status.Detail));

        using var each = await client.PostAsync("/v1.0/state/plain/bulk", Running.Json("""{"keys":["a","b"]}"""), Cancellation);
        var items = System.Text.Json.JsonDocument.Parse(await each.Content.ReadAsStringAsync(Cancellation)).RootElement.EnumerateArray().ToList();
        Assert.Equal((HttpStatusCode.OK, "a b"), (each.StatusCode, string.Join(' ', items.Select(i => i.GetProperty("key").GetString()))));
        Assert.All(items, i => Assert.NotEmpty(i.GetProperty("error").GetString()!));
        var told = await dapr.GetBulkStateAsync(new() { StoreName = "plain", Keys = { "a", "b" } }, Running.Token, cancellationToken: Cancellation);
        Assert.All(told.Items, i => Assert.NotEmpty(i.Error));
    }

    [Fact]
    [Trait("Category", "Engines")]
    public async Task Retry_OfAConfigurationStore_TellsTheAppAgain()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var redis = await RedisProcess.StartAsync(Folder);
        app.Answer("configuration-a", _ => Results.StatusCode(500));
        await using var run = await StartAsync(app, Component("settings", "configuration.redis", ("redisHost", redis.Address)), "settings: { inbound: { retry: twice } }");
        using var client = run.Client();
        using var subscribed = await client.GetAsync("/v1.0/configuration/settings/subscribe?key=a", Cancellation);
        Assert.Equal(HttpStatusCode.OK, subscribed.StatusCode);
        // daprd answers before Redis tells it of changes: the first ones may be missed.
        for (var value = 0; value < 40 && !app.HasDelivery("configuration-a"); value++)
        {
            await redis.SendAsync("SET", "a", $"{value}");
            await Task.Delay(TimeSpan.FromMilliseconds(500), Cancellation);
        }

        var told = new List<string>();
        while (told.GroupBy(t => t).All(g => g.Count() < 3))
        {
            told.Add((await app.NextAsync("configuration-a", Cancellation)).Json.GetProperty("items").GetProperty("a").GetProperty("value").GetString()!);
        }
    }

    private async Task<SidecarRun> StartAsync(TestApp app, string resources, params string[] targets)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "resources")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "resiliency.yaml"), Policies(targets), Cancellation);
        return await StartAsync(app, "  features: []\n", resources, flags: []);
    }

    /// <summary>Two failures of the component, and then it is not asked any more.</summary>
    private static async Task AssertTripsAsync(Func<Task<HttpResponseMessage>> call, string code, string message)
    {
        for (var i = 0; i < 2; i++)
        {
            using var failed = await call();
            var fault = await FaultAsync(failed);
            Assert.Equal((500, code), (fault.Status, fault.Code));
            Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Open, fault.Message, StringComparison.Ordinal);
        }

        using var refused = await call();
        Assert.Equal((500, code, message + Open), await FaultAsync(refused));
    }

    private static async Task<(int Status, string Code, string Message)> FaultAsync(HttpResponseMessage answer)
    {
        var json = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement;
        return ((int)answer.StatusCode, json.GetProperty("errorCode").GetString()!, json.GetProperty("message").GetString()!);
    }
}

public sealed class EmbeddedComponentResiliencyTests() : ComponentResiliencySuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdComponentResiliencyTests() : ComponentResiliencySuite(isReal: true);
