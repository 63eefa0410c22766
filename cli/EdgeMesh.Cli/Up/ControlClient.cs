using System.Net.Sockets;
using System.Text.Json;
using EdgeMesh.Cli.Provisioning;

namespace EdgeMesh.Cli.Up;

/// <summary>Asks the <c>up</c> that runs with a data folder.</summary>
internal static class ControlClient
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    /// <summary>The answer; null when no mesh is up with this folder.</summary>
    public static async Task<ControlAnswer?> AskAsync(DataFolder data, ControlRequest request, CancellationToken cancellation)
    {
        if (UpState.Read(data) is not { } state)
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(state.Control), limit.Token);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(request, JsonSerializerOptions.Web), limit.Token);
            await stream.WriteAsync("\n"u8.ToArray(), limit.Token);
            using var reader = new StreamReader(stream);
            var line = await reader.ReadLineAsync(limit.Token);
            return line is null ? null : JsonSerializer.Deserialize<ControlAnswer>(line, JsonSerializerOptions.Web);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // It is starting or stopping at this moment.
            return null;
        }
    }
}
