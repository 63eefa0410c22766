using System.Net;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.Http.Pipeline;
using EdgeMesh.Sidecar.Metrics;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>The way to one app, with the app's token. Building blocks send HTTP requests, whatever the app speaks: for a gRPC app they become
/// <c>AppCallback.OnInvoke</c>. Where Dapr has a callback of its own (topics, bindings, jobs), a block asks <see cref="Callbacks"/>.</summary>
internal sealed class AppChannel : IInvocationTarget, IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(100);

    private readonly HttpMessageInvoker _client;
    private readonly GrpcChannel? _grpc;
    private readonly Version _version;

    /// <summary>Null: as many calls as come. One waits here for a place in the order of coming.</summary>
    private readonly SemaphoreSlim? _places;

    public AppChannel(SidecarAppOptions app, Uri endpoint, int maxBodySize, AppCallMetrics metrics)
    {
        (AppId, Endpoint, Protocol) = (app.AppId, endpoint, app.AppProtocol);
        _version = app.AppProtocol is AppProtocol.Http or AppProtocol.Https ? HttpVersion.Version11 : HttpVersion.Version20;
        _places = app.MaxConcurrency is { } places ? new SemaphoreSlim(places) : null;
        _client = new HttpMessageInvoker(new AppHandler(Way(app), app.AppToken, _places, app.AppProtocol is AppProtocol.Grpc or AppProtocol.Grpcs ? null : metrics));
        if (app.AppProtocol is AppProtocol.Grpc or AppProtocol.Grpcs)
        {
            _grpc = GrpcChannel.ForAddress(endpoint, new GrpcChannelOptions
            {
                // Not the handler above: the channel puts itself into the one that it is given.
                HttpHandler = new AppHandler(Way(app), app.AppToken, _places, null),
                DisposeHttpClient = true,
                MaxReceiveMessageSize = maxBodySize,
                MaxSendMessageSize = maxBodySize,
                // An app may come long after its sidecar; left to itself the channel would look for it every other minute.
                InitialReconnectBackoff = FirstPause,
                MaxReconnectBackoff = LongestPause,
            });
            Callbacks = new AppCallbacks(_grpc.CreateCallInvoker());
        }
    }

    /// <summary>On a request to an HTTP app: the input binding whose event it brings.</summary>
    public static readonly HttpRequestOptionsKey<string> Binding = new("binding");

    public string AppId { get; }

    public Uri Endpoint { get; }

    public AppProtocol Protocol { get; }

    /// <summary>Null for an app that speaks HTTP.</summary>
    public AppCallbacks? Callbacks { get; }

    /// <summary>What access control looks at beside the path; null: an app that speaks gRPC has no verbs.</summary>
    public string? VerbOf(HttpRequestMessage request) => Callbacks is null ? request.Method.Method : null;

    /// <summary>What requests pass on their way to an app that speaks HTTP. Set before the first.</summary>
    public IReadOnlyList<IHttpMiddleware> Middleware { private get; set; } = [];

    /// <inheritdoc/>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        Callbacks is { } callbacks ? GrpcInvocation.SendAsync(callbacks, request, cancellation)
            : Middleware.Count > 0 ? SendThroughAsync(request, cancellation)
            : SendAsIsAsync(request, cancellation);

    private async Task<HttpResponseMessage> SendThroughAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        foreach (var middleware in Middleware)
        {
            if (await middleware.BeforeAppAsync(request, AppId, cancellation) is { } answer)
            {
                return answer;
            }
        }

        return await SendAsIsAsync(request, cancellation);
    }

    /// <summary>Asks an HTTP app how it is. That takes no place and waits for none, as with daprd: an app that is busy is not sick.</summary>
    public Task<HttpResponseMessage> ProbeAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        request.Options.Set(AppHandler.IsProbe, true);
        return SendAsIsAsync(request, cancellation);
    }

    /// <summary>Sends what is already in the app's own protocol.</summary>
    public Task<HttpResponseMessage> SendAsIsAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        (request.Version, request.VersionPolicy) = (_version, HttpVersionPolicy.RequestVersionExact);
        return _client.SendAsync(request, cancellation);
    }

    /// <summary>An address below the app's; <paramref name="pathAndQuery"/> begins with a slash and is sent as it is.</summary>
    public Uri Address(string pathAndQuery) =>
        new($"{Endpoint.Scheme}://{Endpoint.Authority}{pathAndQuery}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public void Dispose()
    {
        _grpc?.Dispose();
        _client.Dispose();
        _places?.Dispose();
    }

    private static HttpMessageHandler Way(SidecarAppOptions app) => app.AppHandler?.Invoke(Handler()) ?? Handler();

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

    /// <summary>What all calls of an app have in common: its token, that they are counted, and, where calls at a time are bounded, a place.
    /// As with daprd a place is free again once the answer's head is there.</summary>
    private sealed class AppHandler(HttpMessageHandler inner, string? token, SemaphoreSlim? places, AppCallMetrics? metrics) : DelegatingHandler(inner)
    {
        public static readonly HttpRequestOptionsKey<bool> IsProbe = new("probe");

        private const string Header = "dapr-api-token";

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // A request that is sent again has it already.
            if (token is not null && !request.Headers.Contains(Header))
            {
                request.Headers.TryAddWithoutValidation(Header, token);
            }

            var measured = metrics is not null && !AppCallMetrics.IsIdle;
            var isProbe = (measured || places is not null) && IsForHealth(request);
            return measured && !isProbe ? MeasureAsync(request, metrics!, cancellationToken) : SendAsync(request, isProbe, cancellationToken);
        }

        private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool isProbe, CancellationToken cancellation) =>
            places is null || isProbe ? base.SendAsync(request, cancellation) : SendInTurnAsync(request, places, cancellation);

        private async Task<HttpResponseMessage> MeasureAsync(HttpRequestMessage request, AppCallMetrics to, CancellationToken cancellation)
        {
            var began = to.Begin();
            var answer = await SendAsync(request, isProbe: false, cancellation);
            to.Answered(request, answer, began);
            return answer;
        }

        /// <summary>A gRPC app is asked by a call like any other.</summary>
        private static bool IsForHealth(HttpRequestMessage request) =>
            request.Options.TryGetValue(IsProbe, out var probe) ? probe : request.RequestUri!.AbsolutePath.StartsWith(AppCallbacks.HealthPath, StringComparison.Ordinal);

        private async Task<HttpResponseMessage> SendInTurnAsync(HttpRequestMessage request, SemaphoreSlim turns, CancellationToken cancellation)
        {
            await turns.WaitAsync(cancellation);
            try
            {
                return await base.SendAsync(request, cancellation);
            }
            finally
            {
                turns.Release();
            }
        }
    }
}
