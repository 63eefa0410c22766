using System.Net;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Hosting;

/// <summary>HTTP clients that reach other apps of the site through this service's sidecar. All share one connection pool.</summary>
public sealed class AppClients : IDisposable
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    private readonly SocketsHttpHandler _handler = new()
    {
        // Who is called is the sidecar, on loopback: no proxy, no cookies, no decompression of what is only passed on.
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        ConnectTimeout = TimeSpan.FromSeconds(3),
    };

    private readonly SidecarEndpoints _sidecar;

    /// <summary>Reads <c>DAPR_HTTP_ENDPOINT</c> and <c>DAPR_API_TOKEN</c>.</summary>
    public AppClients(IConfiguration configuration) => _sidecar = SidecarEndpoints.Read(configuration, []);

    /// <summary>A client whose relative addresses (<c>fhir/Patient</c>, without a leading slash) are the app's. Cheap; dispose it or not.</summary>
    /// <param name="appId">The app's Dapr id.</param>
    /// <param name="timeout">For the whole exchange; 30 s when null.</param>
    public HttpClient Get(string appId, TimeSpan? timeout = null) => Client($"/v1.0/invoke/{appId}/method/", timeout);

    /// <summary>A client for the sidecar's own API.</summary>
    internal HttpClient Sidecar(TimeSpan timeout) => Client("/v1.0/", timeout);

    private HttpClient Client(string path, TimeSpan? timeout)
    {
        var client = new HttpClient(_handler, disposeHandler: false)
        {
            BaseAddress = new Uri(_sidecar.Http, path),
            Timeout = timeout ?? DefaultLimit,
        };
        if (_sidecar.ApiToken is { } token)
        {
            client.DefaultRequestHeaders.Add("dapr-api-token", token);
        }

        return client;
    }

    /// <inheritdoc/>
    public void Dispose() => _handler.Dispose();
}
