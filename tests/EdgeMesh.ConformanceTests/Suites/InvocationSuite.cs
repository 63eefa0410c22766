using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What caller and callee can observe of service invocation.</summary>
public abstract class InvocationSuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Verbs => new("GET", "POST", "PUT", "DELETE", "PATCH");

    [Theory, MemberData(nameof(Verbs))]
    public async Task Invoke_AnyVerb_ReachesTheOtherApp(string verb)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0/invoke/beta/method/echo/one/two?a=1&b=x%20y");
        request.Headers.Add("x-custom", "kept");
        if (verb != "GET")
        {
            request.Content = Running.Json("""{"n":1}""");
        }

        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(verb, Header(answer, "x-echo-method"));
        Assert.Equal("/echo/one/two", Header(answer, "x-echo-path"));
        Assert.Equal("?a=1&b=x%20y", Header(answer, "x-echo-query"));
        Assert.Equal("kept", Header(answer, "x-echo-custom"));
        Assert.Equal("alpha", Header(answer, "x-echo-caller"));
        Assert.Equal(Apps.TestApp.AppToken, Header(answer, "x-echo-token"));
        Assert.Equal("W/\"7\"", answer.Headers.NonValidated["ETag"].ToString());
        if (verb != "GET")
        {
            Assert.Equal("""{"n":1}""", await answer.Content.ReadAsStringAsync(Cancellation));
        }
    }

    /// <summary>Some clients say a type with whatever they send.</summary>
    [Theory]
    [InlineData("GET", "alpha")]
    [InlineData("GET", "beta")]
    [InlineData("DELETE", "beta")]
    public async Task Invoke_TypeWithoutABody_ReachesTheApp(string verb, string appId)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(new HttpMethod(verb), $"/v1.0/invoke/{appId}/method/echo/x") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new("application/custom");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal((HttpStatusCode.OK, "application/custom"), (answer.StatusCode, Header(answer, "x-echo-type")));
    }

    [Theory]
    [InlineData(201)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(500)]
    public async Task Invoke_AppAnswersAStatus_TheCallerSeesItAndTheBody(int status)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync($"/v1.0/invoke/beta/method/status/{status}", Running.Json("{}"), Cancellation);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal($$"""{"status":{{status}}}""", await answer.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Invoke_UnknownApp_Is500WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync("/v1.0/invoke/nobody/method/x", Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("ERR_DIRECT_INVOKE", await StateSuite.ErrorCodeAsync(answer));
    }

    /// <summary>It goes before an app that the path names.</summary>
    [Theory]
    [InlineData("/echo/by-header")]
    [InlineData("/v1.0/invoke/nobody/method/by-header")]
    public async Task Invoke_ByAppIdHeader_ReachesTheOtherApp(string path)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("dapr-app-id", "beta");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(path, Header(answer, "x-echo-path"));
    }

    [Fact]
    public async Task Invoke_BinaryBody_ArrivesUnchanged()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var bytes = new byte[200_000];
        new Random(7).NextBytes(bytes);
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new("application/octet-stream");
        using var answer = await client.PostAsync("/v1.0/invoke/beta/method/echo/bytes", content, Cancellation);
        Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task GrpcInvoke_HttpApp_GetsTheAnswerAndItsType()
    {
        var dapr = await fixture.RunningAsync();
        var request = new InvokeServiceRequest
        {
            Id = "beta",
            Message = new InvokeRequest
            {
                Method = "echo/grpc",
                ContentType = "application/json",
                Data = new Any { Value = ByteString.CopyFromUtf8("""{"n":2}""") },
                HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post },
            },
        };
        var answer = await dapr.Grpc().InvokeServiceAsync(request, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("""{"n":2}""", answer.Data.Value.ToStringUtf8());
        Assert.Equal("application/json", answer.ContentType);
    }

    [Fact]
    public async Task GrpcInvoke_AppAnswers404_IsNotFound()
    {
        var dapr = await fixture.RunningAsync();
        var request = new InvokeServiceRequest
        {
            Id = "beta",
            Message = new InvokeRequest { Method = "status/404", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } },
        };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await dapr.Grpc().InvokeServiceAsync(request, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Http_WithoutApiToken_Is401()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client(token: null);
        using var answer = await client.GetAsync("/v1.0/invoke/beta/method/echo/x", Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Grpc_WithoutApiToken_IsUnauthenticated()
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await dapr.Grpc().GetStateAsync(new GetStateRequest { StoreName = "memory", Key = "x" }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task Healthz_Ready_Is204()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        foreach (var path in new[] { "/v1.0/healthz", "/v1.0/healthz/outbound" })
        {
            using var answer = await client.GetAsync(path, Cancellation);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }
    }

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.NonValidated[name].ToString();
}

public sealed class EmbeddedInvocationTests(EmbeddedFixture fixture) : InvocationSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdInvocationTests(DaprdFixture fixture) : InvocationSuite(fixture);

public sealed class TwoProcessesInvocationTests(TwoProcessesFixture fixture) : InvocationSuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedCallsDaprdInvocationTests(EmbeddedCallsDaprdFixture fixture) : InvocationSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdCallsEmbeddedInvocationTests(DaprdCallsEmbeddedFixture fixture) : InvocationSuite(fixture);
