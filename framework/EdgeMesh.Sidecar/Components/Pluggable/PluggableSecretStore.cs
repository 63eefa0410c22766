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

    public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation) => AskAsync<IReadOnlyDictionary<string, string>?>(
        async () => (await _store.GetAsync(new GetSecretRequest { Key = name }, _headers, cancellationToken: cancellation)).Data, cancellation);

    public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation) => AskAsync<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(
        async () => (await _store.BulkGetAsync(new BulkGetSecretRequest(), _headers, cancellationToken: cancellation)).Data.ToDictionary(s => s.Key, s => (IReadOnlyDictionary<string, string>)s.Value.Secrets), cancellation);

    private static async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellation)
    {
        try
        {
            return await ask();
        }
        catch (RpcException error) when (!cancellation.IsCancellationRequested)
        {
            throw new SecretRefusalException(error.Status.Detail, error);
        }
        catch (RpcException error)
        {
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
