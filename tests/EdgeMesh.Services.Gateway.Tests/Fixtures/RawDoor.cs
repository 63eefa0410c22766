using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>Bytes over TLS, for requests that no HTTP client would send.</summary>
internal sealed class RawDoor(TcpClient connection, SslStream stream) : IAsyncDisposable
{
    public static async Task<RawDoor> OpenAsync(Uri door)
    {
        var connection = new TcpClient();
        await connection.ConnectAsync(door.Host, door.Port, TestContext.Current.CancellationToken);
        var stream = new SslStream(connection.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, _, _, _) => true }, TestContext.Current.CancellationToken);
        return new RawDoor(connection, stream);
    }

    public async Task SendAsync(string text)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);
        await stream.FlushAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Says that nothing more will come, but still listens.</summary>
    public async Task EndAsync()
    {
        await stream.ShutdownAsync();
        connection.Client.Shutdown(SocketShutdown.Send);
    }

    /// <summary>What came until the other end closed or broke the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read)
            {
                text.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (IOException)
        {
            // Broken rather than closed: the same to a reader.
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        connection.Dispose();
    }
}
