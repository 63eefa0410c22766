using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Sidecar;

/// <summary>On a request: its services are the server's. None is a request's own, so none needs a scope to be made and taken away.</summary>
internal sealed class ServerServices(IServiceProvider services) : IServiceProvidersFeature
{
    public IServiceProvider RequestServices
    {
        get => services;
        set => throw new NotSupportedException("The services of all requests are the server's.");
    }
}
