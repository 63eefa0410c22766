using System.Diagnostics;
using System.Net;
using EdgeMesh.Hosting;
using Yarp.ReverseProxy.Forwarder;

namespace EdgeMesh.Services.Gateway.Forwarding;

/// <summary>Clients for what stands behind the gateway on this machine: they pass on and decide nothing.</summary>
internal static class ProxyClient
{
    public static HttpMessageInvoker Create() => new(Sockets());

    public static HttpMessageInvoker Create(SidecarShortcut shortcut) => new(shortcut.Before(Sockets()));

    private static SocketsHttpHandler Sockets() => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(3),
        ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
    };
}
