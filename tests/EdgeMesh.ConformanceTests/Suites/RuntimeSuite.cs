using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What Configuration, Resiliency and HTTPEndpoint resources change for apps.</summary>
public abstract class RuntimeSuite(RuntimeFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(500, 3)]
    [InlineData(404, 3)]
    [InlineData(201, 1)]
    [InlineData(304, 1)]
    public async Task Retry_OfAnApp_AsksAgainUnlessTheAnswerIsASuccess(int status, int calls)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var name = $"retry-{status}";
        dapr.Beta.Answer(name, _ => Results.Text("said by the app", statusCode: status));
        using var answer = await client.PostAsync($"/v1.0/invoke/beta/method/deliver/{name}", Running.Json("""{"n":1}"""), Cancellation);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(calls, await CountAsync(dapr, name));
    }

    [Fact]
    public async Task Retry_OfAnApp_SendsTheBodyAgain_AndStopsAtASuccess()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var asked = 0;
        dapr.Beta.Answer("retry-body", _ => Interlocked.Increment(ref asked) < 3 ? Results.StatusCode(503) : Results.Text("third"));
        using var answer = await client.PostAsync("/v1.0/invoke/beta/method/deliver/retry-body", Running.Json("""{"n":1}"""), Cancellation);
        Assert.Equal("third", await answer.Content.ReadAsStringAsync(Cancellation));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(1, (await dapr.Beta.NextAsync("retry-body", Cancellation)).Json.GetProperty("n").GetInt32());
        }
    }

    [Theory]
    [InlineData(503, 3)]
    [InlineData(429, 3)]
    [InlineData(500, 1)]
    public async Task Retry_WithMatching_AsksAgainForThoseStatusesAlone(int status, int calls)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var name = $"match-{status}";
        dapr.Beta.Answer(name, _ => Results.StatusCode(status));
        using var answer = await client.PostAsync($"/v1.0/invoke/picky/method/{name}", Running.Json("{}"), Cancellation);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(calls, await CountAsync(dapr, name));
    }

    [Fact]
    public async Task Timeout_OfAnApp_IsToldAfterTheRetries()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var began = Stopwatch.GetTimestamp();
        using var answer = await client.GetAsync("/v1.0/invoke/beta/method/slow", Cancellation);
        // daprd says either, as its policy's clock or its call's is first.
        Assert.Matches("""^\{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: beta, err: (context deadline exceeded|rpc error: code = DeadlineExceeded desc = .*)"\}$""", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(3 * 400));
    }

    [Fact]
    public async Task Breaker_Trips_AndRefusesWithoutACall()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        for (var i = 0; i < 2; i++)
        {
            using var failed = await client.GetAsync("/v1.0/invoke/fragile/method/status/500", Cancellation);
            Assert.Equal("""{"status":500}""", await failed.Content.ReadAsStringAsync(Cancellation));
        }

        using var answer = await client.GetAsync("/v1.0/invoke/fragile/method/status/200", Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("""{"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: fragile, err: circuit breaker is open"}""", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Breaker_OfAnApp_IsOneForEachMethod()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        dapr.Alpha.Answer("trips", _ => Results.StatusCode(500));
        async Task<string> AskAsync(string method, string verb = "POST")
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), $"/v1.0/invoke/alpha/method/deliver/{method}") { Content = Running.Json("{}") };
            using var answer = await client.SendAsync(request, Cancellation);
            return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancellation)}";
        }

        const string Open = """500 {"errorCode":"ERR_DIRECT_INVOKE","message":"failed to invoke, id: alpha, err: circuit breaker is open"}""";
        string[] seen = [await AskAsync("trips"), await AskAsync("trips"), await AskAsync("trips"), await AskAsync("trips?a=1"), await AskAsync("trips", "PUT")];
        Assert.Equal(["500 ", "500 ", Open, Open, Open], seen);
        Assert.Equal("200 ", await AskAsync("holds"));
    }

    [Fact]
    public async Task Inbound_Retry_AsksAgainBeforeTheDeadLetterTopic()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        dapr.Alpha.Answer("d-500", _ => Results.StatusCode(500));
        using var published = await client.PostAsync("/v1.0/publish/pubsub/d-500", Running.Json("""{"n":1}"""), Cancellation);
        await dapr.Alpha.NextAsync("d-500-dead", Cancellation);
        for (var i = 0; i < 3; i++)
        {
            await dapr.Alpha.NextAsync("d-500", Cancellation);
        }

        Assert.False(dapr.Alpha.HasDelivery("d-500"));
    }

    [Fact]
    public async Task Endpoint_ByName_GetsTheBasePathTheHeadersAndNoCaller()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/outside/method/some/path?a=1");
        request.Headers.Add("x-custom", "from-the-caller");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal("/echo/base/some/path", Header(answer, "x-echo-path"));
        Assert.Equal("?a=1", Header(answer, "x-echo-query"));
        Assert.Equal("from-the-resource", Header(answer, "x-echo-custom"));
        Assert.Equal("", Header(answer, "x-echo-caller"));
        Assert.Equal("", Header(answer, "x-echo-token"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Endpoint_ByAddress_IsReached(bool escaped)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var address = dapr.Beta.Url.GetLeftPart(UriPartial.Authority);
        using var answer = await client.PutAsync($"/v1.0/invoke/{(escaped ? Uri.EscapeDataString(address) : address)}/method/echo/x?b=2", Running.Json("{}"), Cancellation);
        Assert.Equal("PUT /echo/x ?b=2 {}", $"{Header(answer, "x-echo-method")} {Header(answer, "x-echo-path")} {Header(answer, "x-echo-query")} {await answer.Content.ReadAsStringAsync(Cancellation)}");
    }

    [Fact]
    public async Task Endpoint_ThatIsNotThere_Is500WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync("/v1.0/invoke/http://127.0.0.1:1/method/x", Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("ERR_DIRECT_INVOKE", await StateSuite.ErrorCodeAsync(answer));
    }

    [Fact]
    public async Task Api_DeniedByHttp_IsNotThere_AndStillByGrpc()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync("/v1.0/metadata", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("ERR_DIRECT_INVOKE", await StateSuite.ErrorCodeAsync(answer));
        var about = await dapr.Grpc().GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation);
        Assert.Equal("alpha", about.Id);
        Assert.Contains("SomethingNew", about.EnabledFeatures);
        Assert.Equal(["fragile", "outside", "picky"], about.HttpEndpoints.Select(e => e.Name).Order());
        Assert.Equal(("http", dapr.Alpha.Port), (about.AppConnectionProperties.Protocol, about.AppConnectionProperties.Port));
        var routed = about.Subscriptions.Single(s => s.Topic == "routed");
        Assert.Equal(["event.type == \"order.v2\"", "event.data.kind == \"big\"", ""], routed.Rules.Rules.Select(r => r.Match));
    }

    [Fact]
    public async Task Api_DeniedByGrpc_IsUnimplemented_AndStillByHttp()
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await dapr.Grpc().GetStateAsync(new GetStateRequest { StoreName = "memory", Key = "k" }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal((StatusCode.Unimplemented, "Not Implemented"), (error.StatusCode, error.Status.Detail));
        Assert.Contains("requested endpoint is not available", System.Text.Encoding.UTF8.GetString(error.Trailers.GetValueBytes("grpc-status-details-bin") ?? []), StringComparison.Ordinal);
        using var client = dapr.Client();
        using var answer = await client.GetAsync("/v1.0/state/memory/k", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Theory]
    [InlineData("dapr.proto.runtime.v1.Dapr", "getstate")]
    [InlineData("dapr.proto.runtime.v1.dapr", "getstate")]
    [InlineData("dapr.proto.runtime.v1.Dapr", "GetState/")]
    public async Task Api_DeniedByGrpc_IsNotThereInAnotherSpelling(string service, string name)
    {
        var dapr = await fixture.RunningAsync();
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress(dapr.Engine.Grpc("alpha"));
        var method = new Method<GetStateRequest, GetStateResponse>(
            MethodType.Unary, service, name, Marshallers.Create(m => m.ToByteArray(), GetStateRequest.Parser.ParseFrom), Marshallers.Create(m => m.ToByteArray(), GetStateResponse.Parser.ParseFrom));
        var call = channel.CreateCallInvoker().AsyncUnaryCall(method, null, new CallOptions(Running.Token, cancellationToken: Cancellation), new GetStateRequest { StoreName = "memory", Key = "k" });
        await Assert.ThrowsAsync<RpcException>(async () => await call);
    }

    [Theory]
    [InlineData("/V1.0/state/memory/k")]
    [InlineData("/v1.0/State/memory/k")]
    [InlineData("/V1.0/metadata")]
    [InlineData("/v1.0/METADATA")]
    [InlineData("/v1.0/Invoke/beta/method/echo/x")]
    [InlineData("/v1.0/invoke/beta/Method/echo/x")]
    public async Task Path_InAnotherSpelling_IsNotThere(string path)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync(path, Cancellation);
        Assert.Equal((HttpStatusCode.NotFound, "ERR_DIRECT_INVOKE"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Theory]
    [InlineData("/v1.0/state/memory/100%")]
    [InlineData("/v1.0/state/memory/%zz")]
    [InlineData("/v1.0/invoke/beta/method/echo/%4")]
    public async Task Path_WithAPercentSignThatBeginsNoEscape_Is400(string path)
    {
        using var client = (await fixture.RunningAsync()).Client(token: null);
        using var answer = await client.GetAsync(AsWritten(client, path), Cancellation);
        Assert.Equal((HttpStatusCode.BadRequest, "400 Bad Request"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation)));
        using var served = await client.GetAsync(AsWritten(client, "/v1.0/healthz?100%"), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, served.StatusCode);
    }

    [Fact]
    public async Task Invoke_ByDotsThatLeadOutOfItsPath_ReachesTheAppBelowItsRoot()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync(AsWritten(client, "/v1.0/invoke/beta/method/../../../../echo/x"), Cancellation);
        Assert.Equal("/echo/x", Header(answer, "x-echo-path"));
    }

    [Theory]
    [InlineData("GET", "/v1.0/healthz", 204)]
    [InlineData("GET", "/v1.0/healthz/", 204)]
    [InlineData("GET", "/v1.0/healthz?appid=alpha", 204)]
    [InlineData("GET", "//v1.0/healthz/outbound", 204)]
    [InlineData("HEAD", "/v1.0/healthz", 401)]
    [InlineData("POST", "/v1.0/healthz", 401)]
    [InlineData("GET", "/v1.0/x/../healthz", 401)]
    [InlineData("GET", "/v1.0/Healthz", 401)]
    [InlineData("GET", "/v1.0/invoke/beta/method/../../../healthz", 401)]
    [InlineData("POST", "/v1.0/invoke/beta/method/../../../healthz", 401)]
    public async Task WithoutAToken_HealthAloneIsTold(string verb, string path, int expected)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client(token: null);
        using var request = new HttpRequestMessage(new HttpMethod(verb), AsWritten(client, path));
        request.Headers.Add("dapr-app-id", "beta");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("/v1.0-alpha1/lock/none")]
    [InlineData("/v1.0-alpha1/unlock/none")]
    public async Task Api_DeniedByHttp_WithItsVersionAsEitherProtocolWritesIt_IsNotThere(string path)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync(path, Running.Json("{}"), Cancellation);
        Assert.Equal((HttpStatusCode.NotFound, "ERR_DIRECT_INVOKE"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Api_DeniedByGrpc_WithItsVersionAsHttpWritesIt_IsServed()
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await dapr.Grpc().GetConfigurationAsync(new GetConfigurationRequest { StoreName = "none" }, Running.Token, cancellationToken: Cancellation));
        Assert.NotEqual(StatusCode.Unimplemented, error.StatusCode);
    }

    [Theory]
    [InlineData("files", "greeting", 200)]
    [InlineData("files", "nested:inner", 403)]
    [InlineData("environment", "CONFORMANCE_SECRET", 403)]
    public async Task Secret_OutOfItsScope_Is403(string store, string secret, int expected)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync($"/v1.0/secrets/{store}/{secret}", Cancellation);
        Assert.Equal(expected, (int)answer.StatusCode);
        if (expected == 403)
        {
            Assert.Equal($$"""{"errorCode":"ERR_PERMISSION_DENIED","message":"access denied by policy to get \"{{secret}}\" from \"{{store}}\""}""", await answer.Content.ReadAsStringAsync(Cancellation));
        }
    }

    [Fact]
    public async Task Secrets_InBulk_AreThoseInScope()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var all = JsonDocument.Parse(await client.GetStringAsync("/v1.0/secrets/files/bulk", Cancellation)).RootElement;
        Assert.Equal(["greeting"], all.EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public async Task Trace_OfTheCaller_GoesOnToTheApp_UnderANewSpan()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/beta/method/echo/x");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var answer = await client.SendAsync(request, Cancellation);
        var seen = Header(answer, "x-echo-trace");
        Assert.Matches("^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$", seen);
        Assert.DoesNotContain("b7ad6b7169203331", seen, StringComparison.Ordinal);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", Header(answer, "traceparent"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_OfNobody_BeginsHere()
    {
        var dapr = await fixture.RunningAsync();
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = dapr.Engine.Http("alpha") };
        client.DefaultRequestHeaders.Add("dapr-api-token", EngineSetup.ApiToken);
        using var answer = await client.GetAsync("/v1.0/invoke/beta/method/echo/x", Cancellation);
        var seen = Header(answer, "x-echo-trace");
        Assert.Matches("^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$", seen);
        Assert.StartsWith(seen[..36], Header(answer, "traceparent"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trace_OfAPublisher_IsInTheEvent()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/publish/pubsub/plain") { Content = Running.Json("{}") };
        request.Headers.Add("traceparent", "00-1bf7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var answer = await client.SendAsync(request, Cancellation);
        var envelope = (await dapr.Alpha.NextAsync("plain", Cancellation)).Json;
        Assert.StartsWith("00-1bf7651916cd43dd8448eb211c80319c-", envelope.GetProperty("traceparent").GetString(), StringComparison.Ordinal);
    }

    /// <summary>Calls are recorded before they are answered.</summary>
    private static async Task<int> CountAsync(Running dapr, string name)
    {
        var count = 0;
        while (dapr.Beta.HasDelivery(name))
        {
            await dapr.Beta.NextAsync(name, Cancellation);
            count++;
        }

        return count;
    }

    /// <summary>A client makes a path plain before it sends it; an attacker does not.</summary>
    internal static Uri AsWritten(HttpClient client, string path) =>
        new(client.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : "";
}

public sealed class EmbeddedRuntimeTests(EmbeddedRuntimeFixture fixture) : RuntimeSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdRuntimeTests(DaprdRuntimeFixture fixture) : RuntimeSuite(fixture);
