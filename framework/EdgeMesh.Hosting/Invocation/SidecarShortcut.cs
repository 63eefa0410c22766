namespace EdgeMesh.Hosting;

/// <summary>A shorter way than a socket to this service's own sidecar, where a process holds both. A service makes its handler as ever and
/// lets the shortcut stand before it; whoever hosts it alone has none.</summary>
/// <param name="before">Makes the handler that stands before the one it is given.</param>
public sealed class SidecarShortcut(Func<HttpMessageHandler, HttpMessageHandler> before)
{
    /// <summary>The socket is the only way.</summary>
    public static SidecarShortcut None { get; } = new(sockets => sockets);

    /// <summary>The handler to use for the sidecar's HTTP API.</summary>
    /// <param name="sockets">Takes what the shortcut does not.</param>
    public HttpMessageHandler Before(HttpMessageHandler sockets) => before(sockets);
}
