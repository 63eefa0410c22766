using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Calls between sidecars that have certificates of a real sentry, and what access control makes of who calls.</summary>
[Trait("Category", "Engines")]
public abstract class MutualTlsSuite(MutualTlsFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "echo/get", 200)]
    [InlineData("POST", "echo/get", 403)]
    [InlineData("POST", "echo/any", 200)]
    [InlineData("GET", "echo/below/a", 200)]
    [InlineData("GET", "echo/below/a/b", 200)]
    [InlineData("GET", "echo/below/closed", 200)]
    [InlineData("GET", "echo/below", 200)]
    [InlineData("GET", "echo/get/more", 200)]
    [InlineData("GET", "echo/part-two", 200)]
    [InlineData("GET", "echo/level/a", 200)]
    [InlineData("GET", "echo/level/a/b", 403)]
    [InlineData("GET", "echo/one/two/end", 403)]
    [InlineData("GET", "echo/silent", 403)]
    [InlineData("GET", "echo/none", 403)]
    [InlineData("GET", "echo/case", 200)]
    [InlineData("GET", "echo/Case", 200)]
    [InlineData("GET", "echo/other", 403)]
    public async Task Invoke_IsAllowedOrDenied_ByWhoTheCertificateSays(string verb, string path, int expected)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(new HttpMethod(verb), $"/v1.0/invoke/beta/method/{path}");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(expected, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Invoke_Denied_NamesCallerOperationAndVerb()
    {
        var dapr = await fixture.RunningAsync();
        Assert.Equal(
            (403, "ERR_DIRECT_INVOKE", "failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id: spiffe://public/ns/core/alpha operation: echo/other verb: GET"),
            await RefusalAsync(dapr.Client()));
    }

    [Fact]
    public async Task Invoke_OfACallerOfWhomNoPolicySpeaks_IsDenied()
    {
        // The policy about gamma is about one of another namespace.
        var dapr = await fixture.RunningAsync();
        Assert.Equal(
            (403, "ERR_DIRECT_INVOKE", "failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id: spiffe://public/ns/core/gamma operation: echo/other verb: GET"),
            await RefusalAsync(dapr.Client("gamma")));
    }

    [Theory]
    [InlineData("echo/none", true)]
    [InlineData("echo/get", true)]
    [InlineData("echo/get/more", true)]
    [InlineData("echo/CASE", true)]
    [InlineData("echo/case", false)]
    [InlineData("echo/silent", false)]
    [InlineData("echo/other", false)]
    public async Task Invoke_OfAnAppThatSpeaksGrpc_LooksAtNoVerb_AndAtUpperAndLowerCase(string path, bool isAllowed)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync($"/v1.0/invoke/gamma/method/{path}", Running.Json("{}"), Cancellation);
        var said = await answer.Content.ReadAsStringAsync(Cancellation);
        var refusal = $"access control policy has denied access to id: spiffe://public/ns/core/alpha operation: {path} verb: NONE";
        Assert.Equal(isAllowed, (int)answer.StatusCode != 403 && !said.Contains("access control", StringComparison.Ordinal));
        Assert.Equal(isAllowed, !said.Contains(refusal, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Invoke_OfACallerWhoseCertificateNamesAnother_IsJudgedAsThatOne()
    {
        await using var engine = await fixture.StartAsAsync("masked", identity: "alpha");
        var dapr = await fixture.RunningAsync() with { Engine = engine };
        using var client = dapr.Client("masked");
        using var allowed = await client.GetAsync("/v1.0/invoke/beta/method/echo/get", Cancellation);
        Assert.Equal(200, (int)allowed.StatusCode);
        var (status, _, message) = await RefusalAsync(dapr.Client("masked"));
        Assert.Equal(403, status);
        Assert.Contains("access to id: spiffe://public/ns/core/alpha operation:", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_OfACallerWithTwoPolicies_IsAllowedOrDeniedByTheLast()
    {
        // The first allows everything; the last is about one of another trust domain.
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client("beta");
        using var answer = await client.PostAsync("/v1.0/invoke/gamma/method/echo/get", Running.Json("{}"), Cancellation);
        Assert.Contains("denied access to id: spiffe://public/ns/core/beta operation: echo/get verb: NONE", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GrpcInvoke_AllowedOperation_Passes()
    {
        var dapr = await fixture.RunningAsync();
        var request = new InvokeServiceRequest { Id = "beta", Message = new InvokeRequest { Method = "echo/get", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } } };
        await dapr.Grpc().InvokeServiceAsync(request, Running.Token, cancellationToken: Cancellation);
        request.Message.Method = "echo/other";
        var error = await Assert.ThrowsAsync<RpcException>(async () => await dapr.Grpc().InvokeServiceAsync(request, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Internal, error.StatusCode);
        Assert.Equal("failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id: spiffe://public/ns/core/alpha operation: echo/other verb: GET", error.Status.Detail);
    }

    [Fact]
    public async Task GrpcProxy_AllowedOperation_Passes_AndAnotherIsDenied()
    {
        var dapr = await fixture.RunningAsync();
        var headers = Running.Token;
        headers.Add("dapr-app-id", "gamma");
        using var channel = GrpcChannel.ForAddress(dapr.Engine.Grpc("alpha"));
        var invoker = channel.CreateCallInvoker();
        var answer = await invoker.AsyncUnaryCall(GrpcTestApp.Chat.Ask, null, new CallOptions(headers, cancellationToken: Cancellation), new StringValue { Value = "hello" });
        Assert.Equal($"hello alpha gamma {TestApp.AppToken}", answer.Value);
        using var talk = invoker.AsyncDuplexStreamingCall(GrpcTestApp.Chat.Talk, null, new CallOptions(headers, cancellationToken: Cancellation));
        var error = await Assert.ThrowsAsync<RpcException>(() => talk.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(StatusCode.PermissionDenied, error.StatusCode);
        Assert.Equal("access control policy has denied access to id: spiffe://public/ns/core/alpha operation: /edgemesh.conformance.Chat/Talk verb: NONE", error.Status.Detail);
    }

    [Fact]
    public async Task InternalPort_ACallerWithoutACertificate_GetsNothing()
    {
        var (host, port) = await fixture.InternalAddressAsync("beta");
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, Cancellation);
        await using var tls = new SslStream(client.GetStream());
        var options = new SslClientAuthenticationOptions { TargetHost = "beta", ApplicationProtocols = [SslApplicationProtocol.Http2], RemoteCertificateValidationCallback = (_, _, _, _) => true };

        // With TLS 1.3 a client learns only from what it reads that it was refused.
        Assert.Equal(0, await Record.ExceptionAsync(async () => await tls.AuthenticateAsClientAsync(options, Cancellation)) is null ? await ReadAsync(tls) : 0);
    }

    [Theory]
    [InlineData("plain-embedded", false)]
    [InlineData("plain-daprd", true)]
    public async Task Invoke_BetweenSidecarsWithAndWithoutMutualTls_Fails(string outsider, bool daprd)
    {
        await using var engine = await fixture.StartOutsiderAsync(outsider, daprd);
        var dapr = await fixture.RunningAsync();
        using var plain = (dapr with { Engine = engine }).Client(outsider);
        using var secure = dapr.Client();
        foreach (var (caller, called) in new[] { (plain, "beta"), (secure, outsider) })
        {
            using var answer = await caller.GetAsync($"/v1.0/invoke/{called}/method/echo/get", Cancellation);
            var (status, code, message) = await FaultAsync(answer);
            Assert.Equal((500, "ERR_DIRECT_INVOKE"), (status, code));
            Assert.StartsWith($"failed to invoke, id: {called}, err: failed to invoke target {called} after 3 retries. Error: rpc error: code = Unavailable desc = ", message, StringComparison.Ordinal);
        }
    }

    /// <summary>0: nothing came.</summary>
    private static async Task<int> ReadAsync(SslStream tls)
    {
        try
        {
            await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), Cancellation);
            return await tls.ReadAsync(new byte[1], Cancellation);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static async Task<(int, string, string)> RefusalAsync(HttpClient client)
    {
        using (client)
        {
            using var answer = await client.GetAsync("/v1.0/invoke/beta/method/echo/other", Cancellation);
            return await FaultAsync(answer);
        }
    }

    private static async Task<(int, string, string)> FaultAsync(HttpResponseMessage answer)
    {
        var fault = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement;
        return ((int)answer.StatusCode, fault.GetProperty("errorCode").GetString()!, fault.GetProperty("message").GetString()!);
    }
}

public sealed class DaprdMutualTlsTests(DaprdMutualTlsFixture fixture) : MutualTlsSuite(fixture);

public sealed class TwoProcessesMutualTlsTests(TwoProcessesMutualTlsFixture fixture) : MutualTlsSuite(fixture);

public sealed class EmbeddedCallsDaprdMutualTlsTests(EmbeddedCallsDaprdMutualTlsFixture fixture) : MutualTlsSuite(fixture);

public sealed class DaprdCallsEmbeddedMutualTlsTests(DaprdCallsEmbeddedMutualTlsFixture fixture) : MutualTlsSuite(fixture);
