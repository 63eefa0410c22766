using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.Secrets;

/// <summary>Resources that refer to secrets of a store in a process of its own.</summary>
public sealed class PluggableSecretTests : IAsyncLifetime
{
    private const string Store = "---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: vault }\nspec: { type: secretstores.vault, version: v1, metadata: [] }\n";

    private readonly string _folder = TestSidecar.TemporaryFolder();
    private WebApplication _component = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(Path.Combine(_folder, "vault.sock"), l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        _component = builder.Build();
        _component.MapGrpcService<Vault>();
        await _component.StartAsync();
    }

    [Theory]
    [InlineData("kind: Component\nmetadata: { name: one }\nspec:\n  type: state.sqlite\n  version: v1\n  metadata:\n  - name: connectionString\n    secretKeyRef: { name: nobody, key: key }\n",
        "component 'one' (state.sqlite) can't be opened: 'connectionString' refers to secret 'nobody', which 'vault' does not give: no such secret (", "resources.yaml:")]
    [InlineData("kind: HTTPEndpoint\nmetadata: { name: outside }\nspec:\n  baseUrl: http://127.0.0.1:1\n  headers:\n  - name: x-key\n    secretKeyRef: { name: nobody, key: key }\n",
        "HTTPEndpoint 'outside' can't be used: 'x-key' refers to secret 'nobody', which 'vault' does not give: no such secret", "resources.yaml:")]
    public async Task Start_ASecretThatTheStoreDoesNotGive_IsAFaultThatNamesFileAndField(string resource, string expected, string source)
    {
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => StartAsync(resource));
        var fault = Assert.Single(error.Faults);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
        Assert.Contains(source, fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ASecretThatTheStoreDoesNotGive_SaysWhy()
    {
        await using var sidecar = await StartAsync("kind: Component\nmetadata: { name: one }\nspec: { type: state.in-memory, version: v1, metadata: [] }\n");
        using var http = sidecar.Http();
        Assert.Equal(
            (500, "ERR_SECRET_GET", "failed getting secret with key nobody from secret store vault: no such secret"),
            await http.GetAsync("/v1.0/secrets/vault/nobody", TestSidecar.Cancellation).FaultAsync());
        Assert.Equal(
            (500, "ERR_SECRET_GET", "failed getting secrets from secret store vault: not all at once"),
            await http.GetAsync("/v1.0/secrets/vault/bulk", TestSidecar.Cancellation).FaultAsync());
    }

    private Task<TestSidecar> StartAsync(string resource) => TestSidecar.StartAsync(
        $"{Store}---\napiVersion: dapr.io/v1alpha1\n{resource}auth: {{ secretStore: vault }}\n",
        change: o => o with { Environment = new Dictionary<string, string> { ["DAPR_COMPONENTS_SOCKETS_FOLDER"] = _folder } });

    public async ValueTask DisposeAsync()
    {
        await _component.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    internal sealed class Vault : SecretStore.SecretStoreBase
    {
        public override Task<SecretStoreInitResponse> Init(SecretStoreInitRequest request, ServerCallContext context) => Task.FromResult(new SecretStoreInitResponse());

        public override Task<GetSecretResponse> Get(GetSecretRequest request, ServerCallContext context) => throw new RpcException(new Status(StatusCode.NotFound, "no such secret"));

        public override Task<BulkGetSecretResponse> BulkGet(BulkGetSecretRequest request, ServerCallContext context) => throw new RpcException(new Status(StatusCode.Unknown, "not all at once"));
    }
}
