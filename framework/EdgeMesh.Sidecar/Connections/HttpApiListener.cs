using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace EdgeMesh.Sidecar.Connections;

/// <summary>One port.</summary>
/// <param name="listening">Owned.</param>
/// <param name="take">Makes a connection of what was accepted; null: it is gone again.</param>
internal sealed class HttpApiListener(Socket listening, Func<Socket, ConnectionContext?> take) : IConnectionListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public EndPoint EndPoint { get; } = listening.LocalEndPoint!;

    /// <summary>Null: it listens no longer.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                if (take(await listening.AcceptAsync(cancellationToken)) is { } connection)
                {
                    return connection;
                }
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (SocketException)
            {
                // A caller that gave up before it was accepted, or a process that may open no more files, which lasts: so not at once again.
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        listening.Dispose();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();
}
