using System.Net;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>The way to one app: HTTP on loopback, with the app's token.</summary>
internal sealed class AppChannel : IDisposable
{
    private readonly HttpMessageInvoker _client;
    private readonly string? _token;

    public AppChannel(string appId, Uri endpoint, string? token)
    {
        (AppId, Endpoint, _token) = (appId, endpoint, token);
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        });
    }

    public string AppId { get; }

    public Uri Endpoint { get; }

    /// <summary>Sends; the answer's body is read by the caller as it comes.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (_token is not null)
        {
            request.Headers.TryAddWithoutValidation("dapr-api-token", _token);
        }

        return _client.SendAsync(request, cancellation);
    }

    /// <summary>An address below the app's; <paramref name="pathAndQuery"/> begins with a slash and is sent as it is.</summary>
    public Uri Address(string pathAndQuery) =>
        new($"{Endpoint.Scheme}://{Endpoint.Authority}{pathAndQuery}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public void Dispose() => _client.Dispose();
}
