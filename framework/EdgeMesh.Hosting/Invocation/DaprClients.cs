using Dapr.Client;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Hosting;

/// <summary>Registers Dapr's own client for this service's sidecar.</summary>
internal static class DaprClients
{
    /// <summary>A bulk read of the largest values that a store may hold (1 MiB each, 64 at most in a transaction) stays below it.</summary>
    private const int MessageLimit = 64 * 1024 * 1024;

#pragma warning disable RS0030 // This is the one place that may hold the builder: it is given all that it would read from the environment.
    /// <summary>Endpoints and token are given here, so that neither the SDK's process-wide defaults nor the environment have a say.</summary>
    public static void Add(IServiceCollection services, SidecarEndpoints sidecar) => services.AddDaprClient((_, dapr) =>
    {
        dapr.UseHttpEndpoint(sidecar.Http.ToString()).UseGrpcEndpoint(sidecar.Grpc.ToString()).UseDaprApiToken(sidecar.ApiToken ?? "");
        dapr.UseGrpcChannelOptions(new GrpcChannelOptions
        {
            ThrowOperationCanceledOnCancellation = true,
            MaxReceiveMessageSize = MessageLimit,
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true },
        });
    });
#pragma warning restore RS0030
}
