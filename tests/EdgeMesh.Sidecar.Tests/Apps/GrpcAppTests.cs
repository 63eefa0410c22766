using Dapr.AppCallback.Autogen.Grpc.v1;

namespace EdgeMesh.Sidecar.Tests.Apps;

/// <summary>Apps that speak gRPC behind the sidecar.</summary>
public sealed class GrpcAppTests
{
    private static readonly string PubSub = Yaml.Component("pubsub", "pubsub.in-memory");

    [Fact]
    public async Task Invoke_ByHttp_ReachesOnInvoke()
    {
        await using var app = await GrpcApp.StartAsync();
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http("alpha");
        using var answer = await http.PostJsonAsync("/v1.0/invoke/beta/method/orders/7?a=1", """{"n":1}""");
        Assert.Equal((200, "text/x-grpc"), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal($$"""Post orders/7?a=1 application/json {"n":1} alpha {{TestApp.Token}}""", await answer.Content.ReadAsStringAsync(TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Invoke_TheAppRefuses_TheCallerSeesItsStatus()
    {
        await using var app = await GrpcApp.StartAsync();
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http("alpha");
        Assert.Equal(404, await http.GetAsync("/v1.0/invoke/beta/method/refuse", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task Publish_AGrpcAppSubscribes_ItGetsTheEventByOnTopicEvent()
    {
        await using var app = await GrpcApp.StartAsync(new TopicSubscription { PubsubName = "pubsub", Topic = "orders" });
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http("alpha");
        using var beta = sidecar.Http("beta");
        while (await beta.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() != 204)
        {
            await Task.Delay(20, TestSidecar.Cancellation);
        }

        Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/orders", """{"n":1}""").StatusAsync());
        var taken = await app.Events.Reader.ReadAsync(TestSidecar.Cancellation);
        Assert.Equal(("orders", "pubsub", "alpha", "com.dapr.event.sent", "application/json", """{"n":1}"""),
            (taken.Topic, taken.PubsubName, taken.Source, taken.Type, taken.DataContentType, taken.Data.ToStringUtf8()));
    }

    [Theory]
    [InlineData("\"id\":\"\\ud800\"", "\ufffd", "")]
    [InlineData("\"id\":\"1\",\"subject\":\"caf\\ud83d\"", "1", "caf\ufffd")]
    [InlineData("\"id\":\"1\",\"subject\":\"caf\\ud83d\\ude00\"", "1", "caf\ud83d\ude00")]
    [InlineData("\"id\":\"1\",\"large\":1e999,\"subject\":\"s\"", "1", "s")]
    public async Task Publish_AnEventWithWhatIsNoText_IsDeliveredWithWhatCanBeSaid(string fields, string id, string subject)
    {
        await using var app = await GrpcApp.StartAsync(new TopicSubscription { PubsubName = "pubsub", Topic = "orders" });
        await using var sidecar = await StartAsync(app);
        using var http = sidecar.Http("alpha");
        using var beta = sidecar.Http("beta");
        while (await beta.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() != 204)
        {
            await Task.Delay(20, TestSidecar.Cancellation);
        }

        using var body = new StringContent($$"""{"specversion":"1.0","type":"t","source":"s",{{fields}}}""");
        body.Headers.ContentType = new("application/cloudevents+json");
        Assert.Equal(204, await http.PostAsync("/v1.0/publish/pubsub/orders", body, TestSidecar.Cancellation).StatusAsync());
        var taken = await app.Events.Reader.ReadAsync(TestSidecar.Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestSidecar.Cancellation);
        Assert.Equal((id, subject), (taken.Id, taken.Extensions.Fields.TryGetValue("subject", out var said) ? said.StringValue : ""));
    }

    [Fact]
    public async Task HealthPath_AskedAsGrpc_OpensNoWayToTheAppWithoutAToken()
    {
        await using var app = await GrpcApp.StartAsync();
        await using var sidecar = await StartAsync(app);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(sidecar.GrpcEndpoint("beta"), "/v1.0/healthz")) { Content = new ByteArrayContent([]), Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.Add("dapr-app-id", "beta");
        using var answer = await http.SendAsync(request, TestSidecar.Cancellation);
        Assert.Equal("16", answer.Headers.GetValues("grpc-status").Single());
    }

    private static Task<TestSidecar> StartAsync(GrpcApp app) => TestSidecar.StartAsync(
        PubSub,
        new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = app.Url },
        change: o => o with { Apps = [.. o.Apps.Select(a => a.AppEndpoint is null ? a : a with { AppProtocol = AppProtocol.Grpc })] });
}
