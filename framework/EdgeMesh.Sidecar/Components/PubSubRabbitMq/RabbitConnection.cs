using RabbitMQ.Client;

namespace EdgeMesh.Sidecar.Components.PubSubRabbitMq;

/// <summary>The one connection of a component, made anew by whoever finds it broken.</summary>
internal sealed class RabbitConnection(ConnectionFactory factory) : IAsyncDisposable
{
    private readonly SemaphoreSlim _connecting = new(1);
    private volatile IConnection? _connection;

    public async Task<IConnection> GetAsync(CancellationToken cancellation)
    {
        if (_connection is { IsOpen: true } open)
        {
            return open;
        }

        await _connecting.WaitAsync(cancellation);
        try
        {
            if (_connection is { IsOpen: true } made)
            {
                return made;
            }

            // A broken one ends by itself: disposed now, it would forget to tell those of its channels that do not know yet.
            return _connection = await factory.CreateConnectionAsync(cancellation);
        }
        finally
        {
            _connecting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }

        _connecting.Dispose();
    }
}
