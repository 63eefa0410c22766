using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What an app that speaks gRPC, and those that call it, can observe. App <c>gamma</c> is the one.</summary>
public abstract class GrpcAppSuite(RuntimeFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task InvokeByHttp_ReachesOnInvoke_WithVerbQueryHeadersAndBody()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1.0/invoke/gamma/method/one/two?a=1&b=2") { Content = Running.Json("""{"n":1}""") };
        request.Headers.Add("x-custom", "kept");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal((200, "text/x-grpc"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal($$"""Put one/two a=1&b=2 application/json {"n":1} kept alpha {{TestApp.AppToken}}""", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData(StatusCode.NotFound, 404)]
    [InlineData(StatusCode.InvalidArgument, 400)]
    [InlineData(StatusCode.AlreadyExists, 409)]
    [InlineData(StatusCode.PermissionDenied, 403)]
    [InlineData(StatusCode.Unavailable, 503)]
    [InlineData(StatusCode.Internal, 500)]
    [InlineData(StatusCode.Unimplemented, 501)]
    public async Task InvokeByHttp_TheAppRefuses_TheStatusIsMapped(StatusCode said, int expected)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/invoke/gamma/method/refuse", new StringContent(said.ToString()), Cancellation);
        Assert.Equal($$"""{{expected}} text/plain; charset=utf-8 {"code":{{(int)said}},"message":"refused by the app"}""", $"{(int)answer.StatusCode} {answer.Content.Headers.ContentType} {await answer.Content.ReadAsStringAsync(Cancellation)}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task InvokeByGrpc_NeedsNoVerb(bool withVerb)
    {
        var dapr = await fixture.RunningAsync();
        var request = Invocation("ask", "text");
        request.Message.HttpExtension = withVerb ? new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post } : null;
        var answer = await dapr.Grpc().InvokeServiceAsync(request, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("text/x-grpc", answer.ContentType);
        Assert.Equal($"{(withVerb ? "Post" : "")} ask  text/plain text  alpha {TestApp.AppToken}", answer.Data.Value.ToStringUtf8());
    }

    [Theory]
    [InlineData(StatusCode.NotFound)]
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.Internal)]
    public async Task InvokeByGrpc_TheAppRefuses_TheCallerSeesItsStatus(StatusCode said)
    {
        var dapr = await fixture.RunningAsync();
        var request = Invocation("refuse", said.ToString());
        request.Message.HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await dapr.Grpc().InvokeServiceAsync(request, Running.Token, cancellationToken: Cancellation));
        Assert.Equal((said, "refused by the app"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task Event_ArrivesAsFields()
    {
        var dapr = await fixture.RunningAsync();
        var taken = await PublishAsync(dapr, "g-plain", Running.Json("""{"n":1}"""));
        Assert.Equal(("gamma", "com.dapr.event.sent", "1.0", "application/json", """{"n":1}""", "g-plain", "pubsub", ""),
            (taken.Source, taken.Type, taken.SpecVersion, taken.DataContentType, taken.Data.ToStringUtf8(), taken.Topic, taken.PubsubName, taken.Path));
        Assert.NotEmpty(taken.Id);
        var text = await PublishAsync(dapr, "g-plain", new StringContent("plain", Encoding.UTF8, "text/plain"));
        Assert.Equal("plain", text.Data.ToStringUtf8());
        Assert.Equal("\"kept\"", (await PublishAsync(dapr, "g-plain", Running.Json("\"kept\""))).Data.ToStringUtf8());
        using var bytes = new ByteArrayContent([0, 255, 7]);
        bytes.Headers.ContentType = new("application/octet-stream");
        Assert.Equal([0, 255, 7], (await PublishAsync(dapr, "g-plain", bytes)).Data.ToByteArray());
    }

    [Theory]
    [InlineData("big", "big")]
    [InlineData("small", "other")]
    public async Task Event_WithRules_NamesItsPath_AndKeepsWhatIsOwnToIt(string type, string path)
    {
        var dapr = await fixture.RunningAsync();
        using var content = new StringContent($$"""{"specversion":"1.0","id":"7","source":"here","type":"{{type}}","datacontenttype":"application/json","data":{"n":2},"ownfield":"own"}""", Encoding.UTF8, "application/cloudevents+json");
        var taken = await PublishAsync(dapr, "g-routed", content);
        Assert.Equal((path, "7", "here", type, """{"n":2}""", "own"), (taken.Path, taken.Id, taken.Source, taken.Type, taken.Data.ToStringUtf8(), taken.Extensions.Fields["ownfield"].StringValue));
        Assert.Equal("ownfield,pubsubname,time,topic,traceid,traceparent,tracestate", string.Join(',', taken.Extensions.Fields.Keys.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Event_TheAppDrops_GoesToTheDeadLetterTopic()
    {
        var dapr = await fixture.RunningAsync();
        Assert.Equal("g-drop", (await PublishAsync(dapr, "g-drop", Running.Json("{}"))).Topic);
        Assert.Equal("g-dead", (await NextAsync(dapr)).Topic);
    }

    [Fact]
    public async Task OwnService_Unary_SeesWhoCalls()
    {
        var dapr = await fixture.RunningAsync();
        var answer = await Invoker(dapr).AsyncUnaryCall(GrpcTestApp.Chat.Ask, null, Options("gamma"), new StringValue { Value = "hello" });
        Assert.Equal($"hello alpha gamma {TestApp.AppToken}", answer.Value);
    }

    [Fact]
    public async Task OwnService_Refuses_StatusAndTrailersArrive()
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Invoker(dapr).AsyncUnaryCall(GrpcTestApp.Chat.Ask, null, Options("gamma"), new StringValue()));
        Assert.Equal((StatusCode.OutOfRange, "nothing asked", "seen"), (error.StatusCode, error.Status.Detail, error.Trailers.GetValue("x-trailer")));
    }

    [Fact]
    public async Task OwnService_Stream_GoesBothWays()
    {
        var dapr = await fixture.RunningAsync();
        using var call = Invoker(dapr).AsyncDuplexStreamingCall(GrpcTestApp.Chat.Talk, null, Options("gamma"));
        foreach (var word in new[] { "one", "two" })
        {
            await call.RequestStream.WriteAsync(new StringValue { Value = word }, Cancellation);
            Assert.True(await call.ResponseStream.MoveNext(Cancellation));
            Assert.StartsWith($"{word} alpha", call.ResponseStream.Current.Value, StringComparison.Ordinal);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancellation));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData(null)]
    public async Task OwnService_OfNobody_IsRefused(string? target)
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await Invoker(dapr).AsyncUnaryCall(GrpcTestApp.Chat.Ask, null, Options(target), new StringValue { Value = "x" }));
        Assert.Equal(StatusCode.Unknown, error.StatusCode);
    }

    [Fact]
    public async Task Metadata_NamesTheProtocol()
    {
        var dapr = await fixture.RunningAsync();
        var about = await dapr.Grpc("gamma").GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation);
        Assert.Equal(("grpc", 4), (about.AppConnectionProperties.Protocol, about.Subscriptions.Count(s => s.Topic.StartsWith("g-", StringComparison.Ordinal))));
    }

    private static InvokeServiceRequest Invocation(string method, string body) => new()
    {
        Id = "gamma",
        Message = new InvokeRequest { Method = method, ContentType = "text/plain", Data = new Any { Value = ByteString.CopyFromUtf8(body) } },
    };

    /// <summary>From gamma's own sidecar: daprd's in-memory broker reaches nobody else.</summary>
    private static async Task<Dapr.AppCallback.Autogen.Grpc.v1.TopicEventRequest> PublishAsync(Running dapr, string topic, HttpContent content)
    {
        using var client = dapr.Client("gamma");
        using var answer = await client.PostAsync($"/v1.0/publish/pubsub/{topic}", content, Cancellation);
        answer.EnsureSuccessStatusCode();
        return await NextAsync(dapr);
    }

    private static async Task<Dapr.AppCallback.Autogen.Grpc.v1.TopicEventRequest> NextAsync(Running dapr)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        return await dapr.Gamma!.Events.Reader.ReadAsync(limit.Token);
    }

    private static CallInvoker Invoker(Running dapr) => GrpcChannel.ForAddress(dapr.Engine.Grpc("alpha")).CreateCallInvoker();

    private static CallOptions Options(string? appId)
    {
        var headers = Running.Token;
        if (appId is not null)
        {
            headers.Add("dapr-app-id", appId);
        }

        return new CallOptions(headers, cancellationToken: Cancellation);
    }
}

public sealed class EmbeddedGrpcAppTests(EmbeddedRuntimeFixture fixture) : GrpcAppSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdGrpcAppTests(DaprdRuntimeFixture fixture) : GrpcAppSuite(fixture);
