using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>Where components in processes of their own listen: one Unix socket each, in the folder that daprd looks into, named as the
/// component type is: <c>/tmp/dapr-components-sockets/memo.sock</c> serves <c>state.memo</c>.</summary>
internal static class PluggableSocket
{
    private const string FolderVariable = "DAPR_COMPONENTS_SOCKETS_FOLDER";
    private const string DefaultFolder = "/tmp/dapr-components-sockets";
    private const string Extension = ".sock";

    /// <summary>Null: no component listens there.</summary>
    public static string? Find(string name, IReadOnlyDictionary<string, string> environment)
    {
        var folder = environment.GetValueOrDefault(FolderVariable) is { Length: > 0 } given ? given : DefaultFolder;
        var path = Path.Combine(folder, name + Extension);
        return name.AsSpan().ContainsAny('/', '\\') || !File.Exists(path) ? null : path;
    }

    /// <summary>A channel to one component as one Dapr component knows it: the process tells its instances apart by a header, as with daprd.</summary>
    public static (GrpcChannel Channel, Metadata Headers) Open(string path, string component)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        var channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true, MaxReceiveMessageSize = null });
        return (channel, new Metadata { { "x-component-instance", component } });
    }
}
