using System.Net;
using System.Net.Sockets;
using System.Text;
using EdgeMesh.Sidecar.Connections;
using EdgeMesh.Sidecar.MutualTls;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EdgeMesh.Sidecar;

/// <summary>Where one app's sidecar listens. Ports that were asked for as 0 are known once the server has started.</summary>
internal sealed class AppListeners
{
    /// <summary>What a socket's address can hold on Linux.</summary>
    private const int LongestSocketPath = 107;

    private readonly List<ListenOptions> _http = [];
    private readonly List<ListenOptions> _grpc = [];

    private AppListeners()
    {
    }

    /// <summary>The HTTP API, once for each address.</summary>
    public IReadOnlyList<ListenOptions> Http => _http;

    /// <summary>The gRPC API, once for each address.</summary>
    public IReadOnlyList<ListenOptions> Grpc => _grpc;

    /// <summary>For other sidecars; null: they can't call.</summary>
    public ListenOptions? Internal { get; private set; }

    /// <summary>For health and metadata alone; null: no such port.</summary>
    public ListenOptions? Public { get; private set; }

    /// <param name="kestrel">The server.</param>
    /// <param name="options">Of the process.</param>
    /// <param name="app">Whose sidecar it is.</param>
    /// <param name="identity">Who the app is to other sidecars; null: they call without TLS.</param>
    /// <exception cref="IOException">A socket can't be made; the message names it.</exception>
    public static AppListeners Open(KestrelServerOptions kestrel, SidecarOptions options, SidecarAppOptions app, WorkloadIdentity? identity)
    {
        var listeners = new AppListeners();
        if (app.UnixSocketFolder is { } folder)
        {
            listeners.OpenSockets(kestrel, Path.GetFullPath(folder, options.WorkingDirectory ?? Environment.CurrentDirectory), app.AppId);
        }
        else
        {
            foreach (var address in options.ListenAddresses.Select(IPAddress.Parse))
            {
                kestrel.Listen(HttpApi(address, app.HttpPort), listen => Add(listeners._http, listen, HttpProtocols.Http1));
                kestrel.Listen(address, app.GrpcPort, listen => Add(listeners._grpc, listen, HttpProtocols.Http2));
            }
        }

        if (app.InternalGrpcPort is { } inner)
        {
            kestrel.Listen(IPAddress.Parse(options.InternalListenAddress ?? options.ListenAddresses[0]), inner, listen => listeners.OpenInternal(listen, identity));
        }

        if (app.PublicPort is { } open)
        {
            kestrel.Listen(IPAddress.Parse(options.PublicListenAddress), open, listen => (listeners.Public = listen).Protocols = HttpProtocols.Http1);
        }

        return listeners;
    }

    public static Uri Address(ListenOptions listener) => new(listener.SocketPath is { } path ? "unix://" + path : $"http://{listener.IPEndPoint}");

    /// <summary>Host and port under which other sidecars find this one: what <c>DAPR_HOST_IP</c> says, else where it listens.</summary>
    public string InternalAddress(IReadOnlyDictionary<string, string> environment)
    {
        var listening = Internal!.IPEndPoint!;
        var address = environment.GetValueOrDefault("DAPR_HOST_IP") is { } given && IPAddress.TryParse(given, out var host) ? host
            : listening.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : listening.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : listening.Address;
        return new IPEndPoint(address, listening.Port).ToString();
    }

    /// <summary>What <see cref="HttpApiListeners"/> does with sockets is known of Linux alone.</summary>
    private static IPEndPoint HttpApi(IPAddress address, int port) => OperatingSystem.IsLinux() ? new HttpApiEndPoint(address, port) : new IPEndPoint(address, port);

    private void OpenInternal(ListenOptions listen, WorkloadIdentity? identity)
    {
        Internal = listen;
        listen.Protocols = HttpProtocols.Http2;
        if (identity is not null)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = handshake => ValueTask.FromResult(identity.Server(handshake.Connection)) });
        }
    }

    private void OpenSockets(KestrelServerOptions kestrel, string folder, string appId)
    {
        if (!Directory.Exists(folder))
        {
            throw new IOException($"{folder}: there is no such folder for sockets. Make it, or name another (--unix-domain-socket).");
        }

        kestrel.ListenUnixSocket(Free(Path.Combine(folder, $"dapr-{appId}-http.socket")), listen => Add(_http, listen, HttpProtocols.Http1, new ApiSocket(appId)));
        kestrel.ListenUnixSocket(Free(Path.Combine(folder, $"dapr-{appId}-grpc.socket")), listen => Add(_grpc, listen, HttpProtocols.Http2, new ApiSocket(appId)));
    }

    private static void Add(List<ListenOptions> to, ListenOptions listen, HttpProtocols protocol, ApiSocket? socket = null)
    {
        listen.Protocols = protocol;
        to.Add(listen);
        if (socket is not null)
        {
            listen.Use(next => connection =>
            {
                connection.Features.Set(socket);
                return next(connection);
            });
        }
    }

    /// <summary>A process that was killed leaves its socket behind: that one is taken away. One that somebody serves is not.</summary>
    private static string Free(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > LongestSocketPath)
        {
            throw new IOException($"{path}: a socket's path can have {LongestSocketPath} bytes. Name a shorter folder (--unix-domain-socket).");
        }

        if (!File.Exists(path))
        {
            return path;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            if (IsFile(path))
            {
                throw new IOException($"{path}: there is a file where the socket must be. Take it away, or give the app another id or folder.", error);
            }

            File.Delete(path);
            return path;
        }
        catch (SocketException error)
        {
            throw new IOException($"{path}: it can't be told whether another process serves this socket: {error.Message}. Take it away, or give the app another id or folder.", error);
        }

        throw new IOException($"{path}: another process serves this socket. Stop it, or give the app another id or folder.");
    }

    /// <summary>Connecting to a file is refused as to a dead socket; but a file can be opened, and a socket never.</summary>
    private static bool IsFile(string path)
    {
        try
        {
            File.OpenHandle(path, access: FileAccess.ReadWrite, share: FileShare.ReadWrite).Dispose();
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>On a connection: it came by a socket, which has no port to know the app by.</summary>
/// <param name="AppId">Whose sidecar it is.</param>
internal sealed record ApiSocket(string AppId);
