using System.Diagnostics;
using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace EdgeMesh.Services.Gateway.Forwarding;

/// <summary>Clients for what stands behind the gateway on this machine: they pass on and decide nothing.</summary>
internal static class ProxyClient
{
    public static HttpMessageInvoker Create() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(3),
        ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
    });
}
