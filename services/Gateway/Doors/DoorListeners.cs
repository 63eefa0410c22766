using EdgeMesh.Services.Gateway.Credentials;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EdgeMesh.Services.Gateway.Doors;

/// <summary>Opens the listeners. Certificates come from the secret store once the sidecar answers, so ports are bound before there is one,
/// and a handshake waits for it a little.</summary>
internal static class DoorListeners
{
    private const int ConnectionLimit = 4096;
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(5);

    public static void Listen(KestrelServerOptions kestrel, GatewayOptions options)
    {
        kestrel.Limits.MaxConcurrentConnections = ConnectionLimit;
        // A peer that vanished without a word is noticed, and its long poll ended.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
        foreach (var endpoint in options.AppEndpoints)
        {
            kestrel.Listen(endpoint, listen => Mark(listen, Door.App));
        }

        var handshakes = new DoorHandshakes(kestrel.ApplicationServices.GetRequiredService<CredentialsLoader>(), kestrel.ApplicationServices);
        if (options.PublicPort is { } publicPort)
        {
            kestrel.Listen(options.Address, publicPort, listen => Secure(listen, Door.Public, handshakes.PublicAsync));
        }

        if (options.MeshPort is { } meshPort)
        {
            kestrel.Listen(options.Address, meshPort, listen => Secure(listen, Door.Mesh, handshakes.MeshAsync));
        }
    }

    private static void Secure(ListenOptions listen, Door door, Func<TlsHandshakeCallbackContext, ValueTask<System.Net.Security.SslServerAuthenticationOptions>> handshake)
    {
        Mark(listen, door);
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = handshake, HandshakeTimeout = HandshakeLimit });
    }

    private static void Mark(ListenOptions listen, Door door)
    {
        var feature = new DoorFeature(door);
        listen.Use(next => connection =>
        {
            connection.Features.Set(feature);
            return next(connection);
        });
    }
}
