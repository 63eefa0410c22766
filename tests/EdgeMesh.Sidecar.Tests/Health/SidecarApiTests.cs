using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Health;

/// <summary>Tokens, health, metadata, shutdown, and what is not served.</summary>
public sealed class SidecarApiTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("wrong")]
    public async Task ApiToken_MissingOrWrong_IsRefusedByBothTransports(string? token)
    {
        await using var sidecar = await TestSidecar.StartAsync();
        using var http = sidecar.Http(token: token);
        Assert.Equal((401, "", "invalid api token"), await http.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).FaultAsync());
        Assert.Equal(401, await http.GetAsync("/v1.0/nothing", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz/outbound", TestSidecar.Cancellation).StatusAsync());
        var metadata = token is null ? [] : new Metadata { { "dapr-api-token", token } };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await sidecar.Grpc().GetStateAsync(new GetStateRequest { StoreName = "memory", Key = "k" }, metadata, cancellationToken: TestSidecar.Cancellation));
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task ApiToken_OfAnotherApp_IsRefused()
    {
        var apps = new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = null };
        await using var sidecar = await TestSidecar.StartAsync(apps: apps, change: o => o with { Apps = [o.Apps[0] with { ApiToken = "alphas" }, o.Apps[1] with { ApiToken = "betas" }] });
        using HttpClient right = sidecar.Http("beta", "betas"), wrong = sidecar.Http("beta", "alphas");
        Assert.Equal(204, await right.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(401, await wrong.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task Healthz_UntilTheAppAnswers_NamesIt()
    {
        var answers = false;
        await using var app = await TestApp.StartAsync(subscribe: context =>
        {
            context.Response.StatusCode = Volatile.Read(ref answers) ? 404 : 503;
            return Task.CompletedTask;
        });
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["alpha"] = app.Url });
        using var http = sidecar.Http();
        Assert.Contains("the app 'alpha' does not answer yet", (await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).FaultAsync()).Message, StringComparison.Ordinal);
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz/outbound", TestSidecar.Cancellation).StatusAsync());
        Volatile.Write(ref answers, true);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        while (await http.GetAsync("/v1.0/healthz", limit.Token).StatusAsync() != 204)
        {
            await Task.Delay(20, limit.Token);
        }
    }

    [Fact]
    public async Task Healthz_AskedForAnotherApp_Says500()
    {
        await using var sidecar = await TestSidecar.StartAsync();
        using var http = sidecar.Http();
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz?appid=alpha", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal("ERR_HEALTH_APPID_NOT_MATCH", (await http.GetAsync("/v1.0/healthz?appid=other", TestSidecar.Cancellation).FaultAsync()).Code);
    }

    [Fact]
    public async Task Metadata_SetByEitherTransport_IsSeenByBoth()
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["alpha"] = app.Url });
        using var http = sidecar.Http();
        using var dapr = sidecar.Dapr();
        Assert.Equal(204, await http.PutAsync("/v1.0/metadata/one", new StringContent("by http"), TestSidecar.Cancellation).StatusAsync());
        await dapr.SetMetadataAsync("two", "by grpc", TestSidecar.Cancellation);
        var metadata = await dapr.GetMetadataAsync(TestSidecar.Cancellation);
        Assert.Equal(("alpha", "by http", "by grpc"), (metadata.Id, metadata.Extended["one"], metadata.Extended["two"]));
        Assert.Equal(["memory", "sqlite"], metadata.Components.Select(c => c.Name).Order());
        Assert.Contains("TRANSACTIONAL", metadata.Components[0].Capabilities);
        var json = JsonDocument.Parse(await http.GetStringAsync("/v1.0/metadata", TestSidecar.Cancellation)).RootElement;
        Assert.Equal("by grpc", json.GetProperty("extended").GetProperty("two").GetString());
        Assert.Equal(app.Url.Port, json.GetProperty("appConnectionProperties").GetProperty("port").GetInt32());
    }

    [Theory]
    [InlineData("/v1.0/invoke/beta/method/../../../metadata", 404)]
    [InlineData("/v1.0/invoke/beta/method/../../../healthz", 404)]
    [InlineData("//v1.0/metadata", 200)]
    public async Task PublicPort_ByAPathThatDotsLeadTo_ReachesNoApp(string path, int expected)
    {
        var asked = 0;
        await using var app = await TestApp.StartAsync(context =>
        {
            Interlocked.Increment(ref asked);
            return context.Response.WriteAsync("the app's own");
        });
        await using var sidecar = await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = app.Url }, change: o => o with { Apps = [o.Apps[0] with { PublicPort = 0 }, o.Apps[1]] });
        using var http = new HttpClient();
        var address = new Uri(sidecar.PublicEndpoint("alpha")!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        Assert.Equal((expected, 0), (await http.GetAsync(address, TestSidecar.Cancellation).StatusAsync(), asked));
    }

    [Fact]
    public async Task Shutdown_ByHttpOrGrpc_AsksTheOwnerToStop()
    {
        await using var first = await TestSidecar.StartAsync();
        using var http = first.Http();
        Assert.Equal(204, await http.PostAsync("/v1.0/shutdown", null, TestSidecar.Cancellation).StatusAsync());
        Assert.True(first.Stopping.IsCancellationRequested);
        await using var second = await TestSidecar.StartAsync();
        using var dapr = second.Dapr();
        await dapr.ShutdownSidecarAsync(TestSidecar.Cancellation);
        Assert.True(second.Stopping.IsCancellationRequested);
    }

    [Theory]
    [InlineData("POST", "/v1.0-alpha1/conversation/x/converse", "conversation")]
    [InlineData("GET", "/v1.0-beta1/workflows/dapr/x", "workflows")]
    public async Task Api_ThatIsNotServed_IsRefusedByName(string method, string path, string api)
    {
        await using var sidecar = await TestSidecar.StartAsync();
        using var http = sidecar.Http();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var (status, code, message) = await http.SendAsync(request, TestSidecar.Cancellation).FaultAsync();
        Assert.Equal((501, "ERR_API_UNIMPLEMENTED"), (status, code));
        Assert.Contains($"the {api} API", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grpc_MethodThatIsNotServed_IsUnimplemented()
    {
        await using var sidecar = await TestSidecar.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await sidecar.Grpc().SubtleGetKeyAlpha1Async(new SubtleGetKeyRequest(), TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task DaprClient_HealthChecks_HoldForBothMeanings()
    {
        await using var sidecar = await TestSidecar.StartAsync();
        using var dapr = sidecar.Dapr();
        await dapr.WaitForSidecarAsync(TestSidecar.Cancellation);
        Assert.True(await dapr.CheckHealthAsync(TestSidecar.Cancellation));
        Assert.True(await dapr.CheckOutboundHealthAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Metadata_OfEverything_HasDaprsFields()
    {
        await using var app = await TestApp.StartAsync(subscribe: context => context.Response.WriteAsync(
            """[{"pubsubname":"pubsub","topic":"t","routes":{"rules":[{"match":"event.type == \"a\"","path":"/a"}],"default":"/d"},"deadLetterTopic":"dead","metadata":{"k":"v"}}]"""));
        var resources = Yaml.Component("pubsub", "pubsub.in-memory")
            + "---\napiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: { name: outside }\nspec: { baseUrl: http://127.0.0.1:1 }\n"
            + "---\napiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: policies }\nspec: {}\n";
        await using var sidecar = await TestSidecar.StartAsync(resources, new Dictionary<string, Uri?> { ["alpha"] = app.Url }, change: o => o with
        {
            Apps = [o.Apps[0] with { MaxConcurrency = 7, HealthCheck = new AppHealthOptions { Path = "/dapr/subscribe", Interval = TimeSpan.FromSeconds(65) } }],
        });
        using var http = sidecar.Http();
        JsonElement about;
        while ((about = JsonDocument.Parse(await http.GetStringAsync("/v1.0/metadata", TestSidecar.Cancellation)).RootElement).GetProperty("subscriptions").GetArrayLength() == 0)
        {
            await Task.Delay(20, TestSidecar.Cancellation);
        }

        Assert.Equal(
            $$$"""{"port":{{{app.Url.Port}}},"protocol":"http","channelAddress":"127.0.0.1","maxConcurrency":7,"health":{"healthCheckPath":"/dapr/subscribe","healthProbeInterval":"1m5s","healthProbeTimeout":"500ms","healthThreshold":3}}""",
            about.GetProperty("appConnectionProperties").GetRawText());
        Assert.Equal(
            """[{"pubsubname":"pubsub","topic":"t","metadata":{"k":"v"},"rules":[{"match":"event.type == \u0022a\u0022","path":"/a"},{"path":"/d"}],"deadLetterTopic":"dead","type":"PROGRAMMATIC"}]""",
            about.GetProperty("subscriptions").GetRawText());
        Assert.Equal("""[{"name":"outside"}]""", about.GetProperty("httpEndpoints").GetRawText());
        Assert.Equal("""[{"name":"policies"}]""", about.GetProperty("resiliencies").GetRawText());
        var grpc = await sidecar.Grpc().GetMetadataAsync(new GetMetadataRequest(), TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        Assert.Equal(("/a", "/d", PubsubSubscriptionType.Programmatic), (grpc.Subscriptions[0].Rules.Rules[0].Path, grpc.Subscriptions[0].Rules.Rules[1].Path, grpc.Subscriptions[0].Type));
        Assert.Equal((7, 3), (grpc.AppConnectionProperties.MaxConcurrency, grpc.AppConnectionProperties.Health.HealthThreshold));
    }

    [Fact]
    public async Task Reflection_IsServedInBothVersions()
    {
        await using var sidecar = await TestSidecar.StartAsync();
        var channel = global::Grpc.Net.Client.GrpcChannel.ForAddress(sidecar.GrpcEndpoint("alpha"));
        using var call = new global::Grpc.Reflection.V1.ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await call.RequestStream.WriteAsync(new global::Grpc.Reflection.V1.ServerReflectionRequest { ListServices = "" }, TestSidecar.Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(TestSidecar.Cancellation));
        Assert.Contains(call.ResponseStream.Current.ListServicesResponse.Service, s => s.Name == "dapr.proto.runtime.v1.Dapr");
        await call.RequestStream.CompleteAsync();
        using var older = new global::Grpc.Reflection.V1Alpha.ServerReflection.ServerReflectionClient(channel).ServerReflectionInfo(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await older.RequestStream.WriteAsync(new global::Grpc.Reflection.V1Alpha.ServerReflectionRequest { FileContainingSymbol = "dapr.proto.runtime.v1.Dapr" }, TestSidecar.Cancellation);
        Assert.True(await older.ResponseStream.MoveNext(TestSidecar.Cancellation));
        Assert.NotEmpty(older.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto);
        await older.RequestStream.CompleteAsync();
    }

    [Fact]
    public async Task MaxConcurrency_MoreCallsThanPlaces_WaitForTheirTurn()
    {
        int now = 0, most = 0;
        await using var app = await TestApp.StartAsync(async context =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            await Task.Delay(5);
            Interlocked.Decrement(ref now);
            await context.Response.WriteAsync("done");
        });
        await using var sidecar = await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = app.Url }, change: o => o with { Apps = [o.Apps[0], o.Apps[1] with { MaxConcurrency = 2 }] });
        using var http = sidecar.Http();
        var statuses = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).StatusAsync()));
        Assert.All(statuses, s => Assert.Equal(200, s));
        Assert.Equal(2, most);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
