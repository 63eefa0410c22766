using System.Net;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Hosting;

/// <summary>HTTP clients that reach other apps of the site through this service's sidecar. All share one connection pool.</summary>
public sealed class AppClients : IDisposable
{
    private readonly SocketsHttpHandler _handler = new()
    {
        // Who calls is the sidecar, on loopback: no proxy, no cookies, no decompression of what is only passed on.
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        ConnectTimeout = TimeSpan.FromSeconds(3),
    };

    private readonly Uri _sidecar;
    private readonly string? _token;

    /// <summary>Reads <c>DAPR_HTTP_ENDPOINT</c> and <c>DAPR_API_TOKEN</c>.</summary>
    public AppClients(IConfiguration configuration)
    {
        _sidecar = new Uri(configuration["DAPR_HTTP_ENDPOINT"] ?? $"http://127.0.0.1:{configuration["DAPR_HTTP_PORT"] ?? "3500"}");
        _token = configuration["DAPR_API_TOKEN"];
    }

    /// <summary>A client whose relative addresses (<c>fhir/Patient</c>, without a leading slash) are the app's. Cheap; dispose it or not.</summary>
    /// <param name="appId">The app's Dapr id.</param>
    /// <param name="timeout">For the whole exchange; 30 s when null.</param>
    public HttpClient Get(string appId, TimeSpan? timeout = null)
    {
        var client = new HttpClient(_handler, disposeHandler: false)
        {
            BaseAddress = new Uri(_sidecar, $"/v1.0/invoke/{appId}/method/"),
            Timeout = timeout ?? TimeSpan.FromSeconds(30),
        };
        if (!string.IsNullOrEmpty(_token))
        {
            client.DefaultRequestHeaders.Add("dapr-api-token", _token);
        }

        return client;
    }

    /// <inheritdoc/>
    public void Dispose() => _handler.Dispose();
}
