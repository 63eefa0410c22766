using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Hosting;

/// <summary>Where a service's own sidecar listens, and the token that it asks for. From the configuration alone: a process may host
/// several services, and its environment would be the same for all.</summary>
/// <param name="Http">Its HTTP API.</param>
/// <param name="Grpc">Its gRPC API.</param>
/// <param name="ApiToken">What it wants to see in the header <c>dapr-api-token</c>; null: nothing.</param>
public sealed record SidecarEndpoints(Uri Http, Uri Grpc, string? ApiToken)
{
    internal static SidecarEndpoints Read(IConfiguration configuration, List<string> faults) => new(
        Endpoint(configuration, "DAPR_HTTP_ENDPOINT", "DAPR_HTTP_PORT", 3500, faults),
        Endpoint(configuration, "DAPR_GRPC_ENDPOINT", "DAPR_GRPC_PORT", 50001, faults),
        configuration["DAPR_API_TOKEN"] is { Length: > 0 } token ? token : null);

    private static Uri Endpoint(IConfiguration configuration, string key, string portKey, int defaultPort, List<string> faults)
    {
        if (configuration[key] is { Length: > 0 } text)
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            {
                return uri;
            }

            faults.Add($"{key} is '{text}': give the sidecar's address, such as http://127.0.0.1:{defaultPort}.");
        }
        else if (configuration[portKey] is { Length: > 0 } port)
        {
            if (ushort.TryParse(port, out var number) && number > 0)
            {
                return new Uri($"http://127.0.0.1:{number}");
            }

            faults.Add($"{portKey} is '{port}': give a port from 1 to 65535, or the whole address in {key}.");
        }

        return new Uri($"http://127.0.0.1:{defaultPort}");
    }
}
