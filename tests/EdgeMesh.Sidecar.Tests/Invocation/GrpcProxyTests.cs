using EdgeMesh.Sidecar.Tests.Apps;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Tests.Invocation;

/// <summary>An app's own gRPC services, called through the sidecar with <c>dapr-app-id</c>.</summary>
public sealed class GrpcProxyTests : IAsyncDisposable
{
    private GrpcApp _app = null!;
    private TestSidecar _sidecar = null!;
    private CallInvoker _invoker = null!;

    [Fact]
    public async Task Unary_ReachesTheApp_WhichSeesWhoCalls()
    {
        await StartAsync();
        var answer = await _invoker.AsyncUnaryCall(GrpcApp.Chat.Ask, null, Options("beta"), new StringValue { Value = "hello" });
        Assert.Equal($"hello alpha {TestApp.Token} kept", answer.Value);
    }

    [Fact]
    public async Task Unary_TheAppRefuses_StatusMessageAndTrailersArrive()
    {
        await StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await _invoker.AsyncUnaryCall(GrpcApp.Chat.Ask, null, Options("beta"), new StringValue()));
        Assert.Equal((StatusCode.OutOfRange, "nothing: asked", "seen"), (error.StatusCode, error.Status.Detail, error.Trailers.GetValue("x-trailer")));
    }

    [Fact]
    public async Task Stream_EachMessage_IsAnsweredBeforeTheNextIsSent()
    {
        await StartAsync();
        using var call = _invoker.AsyncDuplexStreamingCall(GrpcApp.Chat.Talk, null, Options("beta"));
        foreach (var word in new[] { "one", "two", new string('x', 100_000) })
        {
            await call.RequestStream.WriteAsync(new StringValue { Value = word }, TestSidecar.Cancellation);
            Assert.True(await call.ResponseStream.MoveNext(TestSidecar.Cancellation));
            Assert.StartsWith(word + " alpha", call.ResponseStream.Current.Value, StringComparison.Ordinal);
        }

        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(TestSidecar.Cancellation));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    [Theory]
    [InlineData("nobody", StatusCode.Unknown)]
    [InlineData("http", StatusCode.Unimplemented)]
    [InlineData(null, StatusCode.Unknown)]
    public async Task Call_OfAnAppThatIsNotThereOrSpeaksHttp_IsRefused(string? target, StatusCode expected)
    {
        await StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await _invoker.AsyncUnaryCall(GrpcApp.Chat.Ask, null, Options(target), new StringValue { Value = "x" }));
        Assert.Equal(expected, error.StatusCode);
    }

    [Fact]
    public async Task Call_WithoutTheApiToken_IsUnauthenticated()
    {
        await StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await _invoker.AsyncUnaryCall(
            GrpcApp.Chat.Ask, null, new CallOptions(new Metadata { { "dapr-app-id", "beta" } }, cancellationToken: TestSidecar.Cancellation), new StringValue { Value = "x" }));
        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    private static CallOptions Options(string? appId)
    {
        var headers = new Metadata { { "dapr-api-token", TestSidecar.Token }, { "x-own", "kept" } };
        if (appId is not null)
        {
            headers.Add("dapr-app-id", appId);
        }

        return new CallOptions(headers, cancellationToken: TestSidecar.Cancellation);
    }

    private async Task StartAsync()
    {
        _app = await GrpcApp.StartAsync();
        _sidecar = await TestSidecar.StartAsync(
            apps: new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = _app.Url, ["http"] = new("http://127.0.0.1:1") },
            change: o => o with { Apps = [.. o.Apps.Select(a => a.AppId == "beta" ? a with { AppProtocol = AppProtocol.Grpc } : a)] });
        _invoker = GrpcChannel.ForAddress(_sidecar.GrpcEndpoint("alpha")).CreateCallInvoker();
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
    }
}
