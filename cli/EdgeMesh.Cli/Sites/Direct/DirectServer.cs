using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>A host's own server, which also hands its application to the <see cref="DirectDoor"/>, so that the other hosts of this process
/// may call it without a socket. Everybody else comes by the sockets as before.</summary>
internal sealed class DirectServer(IServer sockets, DirectDoor door, DirectLimits limits, ILoggerFactory loggers) : IServer
{
    public IFeatureCollection Features => sockets.Features;

    /// <summary>Puts itself before the server that the services name.</summary>
    public static void Add(IServiceCollection services, DirectDoor door)
    {
        var descriptor = services.Last(s => s.ServiceType == typeof(IServer));
        services.Remove(descriptor);
        services.AddSingleton<IServer>(provider => new DirectServer(
            (IServer)(descriptor.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, descriptor.ImplementationType!)),
            door,
            new DirectLimits(provider.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits),
            provider.GetRequiredService<ILoggerFactory>()));
    }

    public async Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        await sockets.StartAsync(application, cancellationToken);
        door.Open(new DirectApplication<TContext>(application, limits, loggers.CreateLogger<DirectServer>()));
    }

    /// <summary>New calls take the sockets, which refuse them; those that are inside may end, as long as the host gives them.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(door.CloseAsync(cancellationToken), sockets.StopAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Who is still inside ends with the process, as by the sockets.
        }
    }

    public void Dispose()
    {
        door.Close();
        sockets.Dispose();
    }
}
