using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Verb = Dapr.Client.Autogen.Grpc.v1.HTTPExtension.Types.Verb;

namespace EdgeMesh.Sidecar.Tests.Invocation;

public sealed class GrpcInvocationTests : IAsyncLifetime
{
    private TestApp _beta = null!;
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _beta = await TestApp.StartAsync(context =>
        {
            context.Response.Headers["x-app"] = "yes";
            if (context.Request.Path.StartsWithSegments("/status", out var rest))
            {
                context.Response.StatusCode = int.Parse(rest.Value![1..], System.Globalization.CultureInfo.InvariantCulture);
                return context.Response.WriteAsync("because");
            }

            return TestApp.EchoAsync(context);
        });
        _sidecar = await TestSidecar.StartAsync("", new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = _beta.Url });
    }

    [Fact]
    public async Task Invoke_HttpApp_GivesBodyTypeAndHeaders()
    {
        var call = _sidecar.Grpc().InvokeServiceAsync(Request("beta", "a/b", Verb.Put, "12345", "x=1&y=%20"), TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        var answer = await call.ResponseAsync;
        var said = answer.Data.Value.ToStringUtf8();
        Assert.StartsWith("PUT /a/b?x=1&y=%20\nlength: 5\n", said, StringComparison.Ordinal);
        Assert.Contains("dapr-caller-app-id: alpha\n", said, StringComparison.Ordinal);
        Assert.Equal("text/x-echo", answer.ContentType);
        var headers = await call.ResponseHeadersAsync;
        Assert.Equal("200", headers.GetValue("dapr-http-status"));
        Assert.Equal("yes", headers.GetValue("x-app"));
    }

    [Theory]
    [InlineData(400, StatusCode.Internal)]
    [InlineData(401, StatusCode.Unauthenticated)]
    [InlineData(403, StatusCode.PermissionDenied)]
    [InlineData(404, StatusCode.NotFound)]
    [InlineData(409, StatusCode.AlreadyExists)]
    [InlineData(412, StatusCode.Unknown)]
    [InlineData(429, StatusCode.ResourceExhausted)]
    [InlineData(500, StatusCode.Unknown)]
    [InlineData(503, StatusCode.Unavailable)]
    [InlineData(504, StatusCode.DeadlineExceeded)]
    public async Task Invoke_AppAnswersNoSuccess_IsDaprdsStatusWithTheBodyInTheDetails(int http, StatusCode expected)
    {
        var error = await FailAsync(Request("beta", $"status/{http}", Verb.Post, "x"));
        Assert.Equal(expected, error.StatusCode);
        var details = Encoding.UTF8.GetString(error.Trailers.GetValueBytes("grpc-status-details-bin")!);
        Assert.Contains("because", details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_BadRequests_AreInternalWithDaprdsWords()
    {
        Assert.Equal((StatusCode.Internal, "failed to invoke, id: nobody, err: no host found with the given ID"), Short(await FailAsync(Request("nobody", "x", Verb.Get))));
        Assert.EndsWith("invalid HTTP verb", (await FailAsync(Request("beta", "x", Verb.None))).Status.Detail, StringComparison.Ordinal);
        Assert.EndsWith("missing HTTP extension field", (await FailAsync(new InvokeServiceRequest { Id = "beta", Message = new InvokeRequest { Method = "x" } })).Status.Detail, StringComparison.Ordinal);
        Assert.Contains("forbidden character", (await FailAsync(Request("beta", "x?y=1", Verb.Get))).Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.ResourceExhausted, (await FailAsync(Request("beta", "x", Verb.Post, new string('x', 5 * 1024 * 1024)))).StatusCode);
    }

    private static (StatusCode, string) Short(RpcException error) => (error.StatusCode, error.Status.Detail);

    private async Task<RpcException> FailAsync(InvokeServiceRequest request) =>
        await Assert.ThrowsAsync<RpcException>(async () => await _sidecar.Grpc().InvokeServiceAsync(request, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation));

    private static InvokeServiceRequest Request(string app, string method, Verb verb, string? body = null, string query = "") => new()
    {
        Id = app,
        Message = new InvokeRequest
        {
            Method = method,
            ContentType = "text/plain",
            Data = body is null ? null : new Any { Value = ByteString.CopyFromUtf8(body) },
            HttpExtension = new HTTPExtension { Verb = verb, Querystring = query },
        },
    };

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _beta.DisposeAsync();
    }
}
