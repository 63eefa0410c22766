using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using EdgeMesh.Cli.Links;
using EdgeMesh.Cli.Provisioning;

namespace EdgeMesh.Cli.Up;

/// <summary>The door by which <c>status</c>, <c>link</c> and <c>down</c> reach a running <c>up</c>: a socket file in a folder
/// that only the owner may enter.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private static readonly TimeSpan LineLimit = TimeSpan.FromSeconds(5);

    private readonly Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer;
    private readonly Socket listener;
    private readonly CancellationTokenSource stopping = new();
    private Task accepting = Task.CompletedTask;

    private ControlServer(string path, Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer)
    {
        Path = path;
        this.answer = answer;
        listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    }

    public string Path { get; }

    /// <summary>Caller holds <see cref="DataFolder.UpLock"/>, so a socket file that is there belongs to nobody any more.</summary>
    public static ControlServer Start(DataFolder data, Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer)
    {
        var server = new ControlServer(ControlPath.For(data), answer);
        File.Delete(server.Path);
        server.listener.Bind(new UnixDomainSocketEndPoint(server.Path));
        server.listener.Listen(16);
        server.accepting = AcceptLoop.RunAsync(
            server.listener.AcceptAsync, socket => _ = server.ServeAsync(socket, server.stopping.Token), TimeProvider.System, server.stopping.Token);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await accepting;
        File.Delete(Path);
        ControlPath.Remove(Path);
        stopping.Dispose();
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancellation)
    {
        try
        {
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
            var line = await reader.ReadLineAsync(cancellation).AsTask().WaitAsync(LineLimit, cancellation);
            var request = JsonSerializer.Deserialize<ControlRequest>(line ?? "null", JsonSerializerOptions.Web);
            var reply = request is null ? new ControlAnswer(false, "no request") : await answer(request, cancellation);
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(reply, JsonSerializerOptions.Web), cancellation);
            await stream.WriteAsync("\n"u8.ToArray(), cancellation);
        }
        catch (Exception e) when (e is IOException or JsonException or TimeoutException or OperationCanceledException or SocketException)
        {
            // A client that speaks nonsense or leaves gets no answer; the mesh goes on.
        }
    }
}
