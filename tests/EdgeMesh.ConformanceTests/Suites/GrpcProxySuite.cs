using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What a call of an app's own gRPC service carries from one to the other, in one process and between sidecars.</summary>
public abstract class GrpcProxySuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_CarriesHeadersAndTrailers_BothWays()
    {
        var dapr = await fixture.RunningAsync();
        var headers = Running.Token;
        headers.Add("dapr-app-id", "gamma");
        headers.Add("x-own", "first");
        headers.Add("x-own", "second");
        headers.Add("x-own-bin", new byte[] { 0, 255, 7 });
        headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var channel = GrpcChannel.ForAddress(dapr.Engine.Grpc("alpha"));
        var call = channel.CreateCallInvoker().AsyncUnaryCall(
            GrpcTestApp.Chat.Ask, null, new CallOptions(headers, cancellationToken: Cancellation), new StringValue { Value = GrpcTestApp.Chat.Everything });
        var seen = (await call.ResponseAsync).Value.Split('\n');
        string[] expected = ["dapr-callee-app-id=gamma", "dapr-caller-app-id=alpha", $"dapr-api-token={TestApp.AppToken}", "x-own=first, second", "x-own-bin=00FF07"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), seen.Where(h => h.StartsWith("dapr-", StringComparison.Ordinal) || h.StartsWith("x-", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Contains(seen, h => h.StartsWith("traceparent=00-0af7651916cd43dd8448eb211c80319c-", StringComparison.Ordinal));
        Assert.Equal("early", (await call.ResponseHeadersAsync).GetValue("x-answered"));
        Assert.Equal([1, 0, 255], (await call.ResponseHeadersAsync).GetValueBytes("x-answered-bin"));
        Assert.Equal("late", call.GetTrailers().GetValue("x-trailed"));
    }
}

public sealed class EmbeddedGrpcProxyTests(EmbeddedRuntimeFixture fixture) : GrpcProxySuite(fixture);

public sealed class TwoProcessesGrpcProxyTests(TwoProcessesGrpcFixture fixture) : GrpcProxySuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdGrpcProxyTests(DaprdGrpcFixture fixture) : GrpcProxySuite(fixture);

[Trait("Category", "Engines")]
public sealed class EmbeddedCallsDaprdGrpcProxyTests(EmbeddedCallsDaprdGrpcFixture fixture) : GrpcProxySuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdCallsEmbeddedGrpcProxyTests(DaprdCallsEmbeddedGrpcFixture fixture) : GrpcProxySuite(fixture);
