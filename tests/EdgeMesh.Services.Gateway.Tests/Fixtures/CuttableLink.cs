using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>A way between two sites that a test can cut and mend. A cut breaks what is open and refuses what is new.</summary>
internal sealed class CuttableLink : IAsyncDisposable
{
    private readonly IPEndPoint _target;
    private readonly ConcurrentBag<TcpClient> _open = [];
    private TcpListener _listener;
    private Task _accepting;

    public CuttableLink(Uri target)
    {
        _target = new IPEndPoint(IPAddress.Loopback, target.Port);
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        Url = new Uri($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    public Uri Url { get; }

    /// <summary>When set, what is open stays open, and nothing moves: as a link does whose other end lost power.</summary>
    public bool Stalled { get; set; }

    public async Task CutAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var connection in _open)
        {
            connection.Close();
        }
    }

    public void Mend()
    {
        _listener = new TcpListener(IPAddress.Loopback, Url.Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync() => await CutAsync();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync();
                _open.Add(near);
                var far = new TcpClient();
                _open.Add(far);
                await far.ConnectAsync(_target);
                _ = CopyAsync(near, far);
                _ = CopyAsync(far, near);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            var (source, target) = (from.GetStream(), to.GetStream());
            while (await source.ReadAsync(buffer) is > 0 and var read)
            {
                if (!Stalled)
                {
                    await target.WriteAsync(buffer.AsMemory(0, read));
                }
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut, or one end went.
        }

        from.Close();
        to.Close();
    }
}
