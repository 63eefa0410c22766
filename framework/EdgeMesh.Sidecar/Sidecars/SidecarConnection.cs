using EdgeMesh.Sidecar.MutualTls;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>The way to another sidecar. Its connections are made by the first call.</summary>
internal sealed class SidecarConnection : IDisposable
{
    private readonly string _address;
    private readonly HttpMessageInvoker _passing;
    private volatile bool _hasAnswered;

    /// <param name="address">Host and port.</param>
    /// <param name="maxBodySize">Of a message.</param>
    /// <param name="identity">Who calls; null: without TLS.</param>
    /// <param name="appId">Who must be there, with TLS.</param>
    public SidecarConnection(string address, int maxBodySize, WorkloadIdentity? identity, string appId)
    {
        Certificate = identity?.Current;
        _address = $"{(identity is null ? "http" : "https")}://{address}";
        _passing = new HttpMessageInvoker(Handler(identity, appId));
        Channel = GrpcChannel.ForAddress(_address, new GrpcChannelOptions
        {
            HttpHandler = Handler(identity, appId),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = maxBodySize,
            MaxSendMessageSize = maxBodySize,
        });
    }

    /// <summary>For calls between sidecars.</summary>
    public GrpcChannel Channel { get; }

    /// <summary>What is shown there; null: nothing is.</summary>
    public WorkloadCertificate? Certificate { get; }

    public Uri Uri(string path) => new(_address + path);

    /// <summary>Sends a call of an app's own gRPC service as it is.</summary>
    /// <exception cref="RpcException">The connection could not be made.</exception>
    public async Task<HttpResponseMessage> PassAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await _passing.SendAsync(request, cancellation);
        }
        catch (HttpRequestException error) when (ConnectionFault.Explain(error, Certificate is not null, hasAnswered: true) is { } reason)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, reason));
        }
    }

    /// <summary>The other sidecar answered a call.</summary>
    public void Answered() => _hasAnswered = true;

    /// <summary>Null: the error says enough.</summary>
    public string? Explain(Exception? error) => ConnectionFault.Explain(error, Certificate is not null, _hasAnswered);

    public void Dispose()
    {
        Channel.Dispose();
        _passing.Dispose();
    }

    private SocketsHttpHandler Handler(WorkloadIdentity? identity, string appId)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            EnableMultipleHttp2Connections = true,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(3),
        };
        if (identity is not null)
        {
            handler.SslOptions = identity.Client(Certificate!, appId);
        }

        return handler;
    }
}
