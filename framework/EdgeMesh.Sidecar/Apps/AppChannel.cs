using System.Net;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>The way to one app, with the app's token. Building blocks send HTTP requests, whatever the app speaks: for a gRPC app they become
/// <c>AppCallback.OnInvoke</c>. Where Dapr has a callback of its own (topics, bindings, jobs), a block asks <see cref="Callbacks"/>.</summary>
internal sealed class AppChannel : IDisposable
{
    private readonly HttpMessageInvoker _client;
    private readonly GrpcChannel? _grpc;
    private readonly string? _token;
    private readonly Version _version;

    public AppChannel(SidecarAppOptions app, Uri endpoint, int maxBodySize)
    {
        (AppId, Endpoint, _token, Protocol) = (app.AppId, endpoint, app.AppToken, app.AppProtocol);
        _version = app.AppProtocol is AppProtocol.Http or AppProtocol.Https ? HttpVersion.Version11 : HttpVersion.Version20;
        var handler = app.AppHandler?.Invoke(Handler()) ?? Handler();
        _client = new HttpMessageInvoker(handler);
        if (app.AppProtocol is AppProtocol.Grpc or AppProtocol.Grpcs)
        {
            _grpc = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
            {
                HttpHandler = new TokenHandler(handler, app.AppToken),
                MaxReceiveMessageSize = maxBodySize,
                MaxSendMessageSize = maxBodySize,
            });
            Callbacks = new AppCallbacks(_grpc.CreateCallInvoker());
        }
    }

    public string AppId { get; }

    public Uri Endpoint { get; }

    public AppProtocol Protocol { get; }

    /// <summary>Null for an app that speaks HTTP.</summary>
    public AppCallbacks? Callbacks { get; }

    /// <summary>Sends; the answer's body is read by the caller as it comes.</summary>
    /// <exception cref="HttpRequestException">The app is not there, or broke off.</exception>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        Callbacks is { } callbacks ? GrpcInvocation.SendAsync(callbacks, request, cancellation) : SendAsIsAsync(request, cancellation);

    /// <summary>Sends what is already in the app's own protocol.</summary>
    public Task<HttpResponseMessage> SendAsIsAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        (request.Version, request.VersionPolicy) = (_version, HttpVersionPolicy.RequestVersionExact);
        if (_token is not null)
        {
            request.Headers.TryAddWithoutValidation(TokenHandler.Header, _token);
        }

        return _client.SendAsync(request, cancellation);
    }

    /// <summary>An address below the app's; <paramref name="pathAndQuery"/> begins with a slash and is sent as it is.</summary>
    public Uri Address(string pathAndQuery) =>
        new($"{Endpoint.Scheme}://{Endpoint.Authority}{pathAndQuery}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public void Dispose()
    {
        _grpc?.Dispose();
        _client.Dispose();
    }

    private static HttpMessageHandler Handler()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            EnableMultipleHttp2Connections = true,
        };
#pragma warning disable CA5359 // An app is on this machine and has a certificate of its own making: daprd does not check it either.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return handler;
    }

    /// <summary>Adds the app's token to gRPC calls.</summary>
    private sealed class TokenHandler(HttpMessageHandler inner, string? token) : DelegatingHandler(inner)
    {
        public const string Header = "dapr-api-token";

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (token is not null)
            {
                request.Headers.TryAddWithoutValidation(Header, token);
            }

            return base.SendAsync(request, cancellationToken);
        }
    }
}
