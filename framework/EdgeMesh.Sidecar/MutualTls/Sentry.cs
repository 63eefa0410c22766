using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.MutualTls.Protos;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>Asks sentry, Dapr's certificate authority, for apps' certificates. A self-hosted sentry believes whoever reaches it.</summary>
internal sealed class Sentry(MutualTlsOptions options, string site, TrustAnchors anchors)
{
    /// <summary>Whoever answers later counts as away.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly Method<SignCertificateRequest, SignCertificateResponse> SignCertificate =
        ProtoMethod.Of<SignCertificateRequest, SignCertificateResponse>(MethodType.Unary, "dapr.proto.sentry.v1.CA", "SignCertificate");

    private readonly CallerIdentity _own = new(options.ControlPlaneTrustDomain, options.ControlPlaneNamespace, "dapr-sentry");

    public string Address => options.SentryAddress;

    /// <summary>A new key, and its certificate.</summary>
    public async Task<SentryAnswer> SignAsync(string appId, CancellationToken cancellation)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new SignCertificateRequest
        {
            Id = appId,
            Namespace = site,
            CertificateSigningRequest = ByteString.CopyFromUtf8(new CertificateRequest("", key, HashAlgorithmName.SHA256).CreateSigningRequestPem()),
        };
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            // A connection for each: the next is half a day away, and sentry's own certificate may be another one by then.
            using var channel = GrpcChannel.ForAddress($"https://{Address}", new GrpcChannelOptions { HttpHandler = Handler(), DisposeHttpClient = true });
            var answer = await channel.CreateCallInvoker().AsyncUnaryCall(SignCertificate, null, new CallOptions(cancellationToken: either.Token), request);
            return new SentryAnswer(WorkloadCertificate.From(Encoding.UTF8.GetString(answer.WorkloadCertificate.Span), key), "", IsAway: false);
        }
        catch (RpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (RpcException error) when (error.Status.DebugException is null && error.StatusCode is not (StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Cancelled))
        {
            return new SentryAnswer(null, $"{error.StatusCode}: {error.Status.Detail}", IsAway: false);
        }
        catch (RpcException error)
        {
            return new SentryAnswer(null, limit.IsCancellationRequested ? $"no answer in {Limit.TotalSeconds} s" : Innermost(error.Status.DebugException ?? error).Message, IsAway: true);
        }
        catch (CryptographicException error)
        {
            return new SentryAnswer(null, error.Message, IsAway: false);
        }
    }

    private SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        ActivityHeadersPropagator = null,
        SslOptions = new SslClientAuthenticationOptions
        {
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                var peer = anchors.Verify(certificate as X509Certificate2, chain?.ChainPolicy.ExtraStore ?? []);
                return peer.Identity == _own ? true : throw new PeerRefusedException(peer.Refusal ?? $"it is {peer.Identity}, and not {_own}");
            },
        },
    };

    /// <summary>Where the reason is; those around it say that there is one.</summary>
    private static Exception Innermost(Exception error) => error.InnerException is { } inner ? Innermost(inner) : error;
}
