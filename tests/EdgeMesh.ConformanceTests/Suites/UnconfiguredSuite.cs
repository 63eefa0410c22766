using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;
using Grpc.Net.Client;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What a sidecar without any component says of calls that need one: another thing than of one that is not there.</summary>
public abstract class UnconfiguredSuite(bool isReal) : RunSuite(isReal)
{
    private const string Lock = """{"resourceId":"r","lockOwner":"o","expiryInSeconds":5}""";

    private static readonly (string Verb, string Path, string Body, string Expected)[] OverHttp =
    [
        ("GET", "/v1.0/state/none/k", "", "500 ERR_STATE_STORE_NOT_CONFIGURED: state store none is not configured"),
        ("POST", "/v1.0/state/none", """[{"key":"a","value":1}]""", "500 ERR_STATE_STORE_NOT_CONFIGURED: state store none is not configured"),
        ("POST", "/v1.0/state/none/bulk", """{"keys":["a"]}""", "500 ERR_STATE_STORE_NOT_CONFIGURED: state store none is not configured"),
        ("POST", "/v1.0/state/none/transaction", """{"operations":[]}""", "500 ERR_STATE_STORE_NOT_CONFIGURED: state store none is not configured"),
        ("DELETE", "/v1.0/state/none/k", "", "500 ERR_STATE_STORE_NOT_CONFIGURED: state store none is not configured"),
        ("POST", "/v1.0/publish/none/t", "{}", "404 ERR_PUBSUB_NOT_FOUND: pubsub none is not found"),
        ("GET", "/v1.0/secrets/none/k", "", "500 ERR_SECRET_STORES_NOT_CONFIGURED: secret store is not configured"),
        ("GET", "/v1.0/secrets/none/bulk", "", "500 ERR_SECRET_STORES_NOT_CONFIGURED: secret store is not configured"),
        ("GET", "/v1.0/configuration/none", "", "500 ERR_CONFIGURATION_STORE_NOT_CONFIGURED: configuration stores not configured"),
        ("GET", "/v1.0/configuration/none/subscribe", "", "500 ERR_CONFIGURATION_STORE_NOT_CONFIGURED: configuration stores not configured"),
        ("GET", "/v1.0/configuration/none/1/unsubscribe", "", "500 ERR_CONFIGURATION_STORE_NOT_CONFIGURED: configuration stores not configured"),
        ("POST", "/v1.0-alpha1/lock/none", Lock, "500 ERR_LOCK_STORE_NOT_CONFIGURED: lock store is not configured"),
        ("POST", "/v1.0-alpha1/unlock/none", Lock, "500 ERR_LOCK_STORE_NOT_CONFIGURED: lock store is not configured"),
        ("PUT", "/v1.0-alpha1/crypto/none/decrypt", "x", "500 ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED: crypto providers not configured"),
        ("POST", "/v1.0/bindings/none", """{"operation":"get"}""", "500 ERR_INVOKE_OUTPUT_BINDING: error invoking output binding none: couldn't find output binding none"),
    ];

    [Fact]
    public async Task Calls_WithoutAnyComponent_SayThatNoneIsConfigured()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, "  features: []\n", "");
        using var client = run.Client();
        var seen = new List<string>();
        foreach (var (verb, path, body, _) in OverHttp)
        {
            using var request = new HttpRequestMessage(new HttpMethod(verb), path) { Content = body.Length > 0 ? Running.Json(body) : null };
            var fault = await Faults.OfAsync(client.SendAsync(request, Cancellation));
            seen.Add($"{verb} {path} {fault.Status} {fault.Code}: {fault.Message}");
        }

        Assert.Equal(OverHttp.Select(c => $"{c.Verb} {c.Path} {c.Expected}"), seen);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{run.GrpcPort}");
        var dapr = new DaprApi(channel);
        Assert.Equal(
            [
                "FailedPrecondition: state store none is not configured",
                "FailedPrecondition: secret store is not configured",
                "FailedPrecondition: configuration stores not configured",
                "FailedPrecondition: lock store is not configured",
            ],
            [
                await RefusalAsync(async () => await dapr.GetStateAsync(new GetStateRequest { StoreName = "none", Key = "k" }, Running.Token, cancellationToken: Cancellation)),
                await RefusalAsync(async () => await dapr.GetSecretAsync(new GetSecretRequest { StoreName = "none", Key = "k" }, Running.Token, cancellationToken: Cancellation)),
                await RefusalAsync(async () => await dapr.GetConfigurationAsync(new GetConfigurationRequest { StoreName = "none" }, Running.Token, cancellationToken: Cancellation)),
                await RefusalAsync(async () => await dapr.TryLockAlpha1Async(new TryLockRequest { StoreName = "none", ResourceId = "r", LockOwner = "o", ExpiryInSeconds = 5 }, Running.Token, cancellationToken: Cancellation)),
            ]);
    }

    private static async Task<string> RefusalAsync(Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(call);
        return $"{error.StatusCode}: {error.Status.Detail}";
    }
}

public sealed class EmbeddedUnconfiguredTests() : UnconfiguredSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdUnconfiguredTests() : UnconfiguredSuite(isReal: true);
