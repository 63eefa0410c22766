using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>A secret store in a process of its own.</summary>
internal sealed class PluggableSecretStore : ISecretStore, IServerDriver
{
    private readonly ComponentSpec _spec;
    private readonly GrpcChannel _channel;
    private readonly Metadata _headers;
    private readonly SecretStore.SecretStoreClient _store;

    public PluggableSecretStore(ComponentSpec spec, string socket)
    {
        _spec = spec;
        (_channel, _headers) = PluggableSocket.Open(socket, spec.Name);
        _store = new SecretStore.SecretStoreClient(_channel);
    }

    public async Task ConnectAsync(CancellationToken cancellation) =>
        await _store.InitAsync(new SecretStoreInitRequest { Metadata = new MetadataRequest { Properties = { _spec.Metadata.ToDictionary() } } }, _headers, cancellationToken: cancellation);

    /// <exception cref="RpcException">The component has none of that name, or failed.</exception>
    public async Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation) =>
        (await _store.GetAsync(new GetSecretRequest { Key = name }, _headers, cancellationToken: cancellation)).Data;

    public async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation)
    {
        var answer = await _store.BulkGetAsync(new BulkGetSecretRequest(), _headers, cancellationToken: cancellation);
        return answer.Data.ToDictionary(s => s.Key, s => (IReadOnlyDictionary<string, string>)s.Value.Secrets);
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
