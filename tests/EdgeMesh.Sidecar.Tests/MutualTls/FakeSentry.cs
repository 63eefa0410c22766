using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.MutualTls.Protos;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.MutualTls;

/// <summary>A certificate authority as a self-hosted sentry: it signs for whoever asks, for a day.</summary>
internal sealed class FakeSentry(TimeProvider clock) : IAsyncDisposable
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    private readonly TestAuthority _authority = new(clock);
    private readonly Lock _lock = new();
    private readonly List<(string App, string Namespace)> _asked = [];
    private WebApplication? _web;

    /// <summary>Of the certificates that it signs, from now on.</summary>
    public TimeSpan LifeOfEach { get; init; } = Life;

    /// <summary>PEM of the root.</summary>
    public string Anchors => _authority.RootPem;

    public TestAuthority Authority => _authority;

    /// <summary>Null: everybody gets a certificate.</summary>
    public RpcException? Refusal { get; set; }

    /// <summary>Set before the start, for one that comes late.</summary>
    public int Port { get; set; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Who asked, in order.</summary>
    public IReadOnlyList<(string App, string Namespace)> Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _asked];
            }
        }
    }

    public static async Task<FakeSentry> StartAsync(TimeProvider? clock = null)
    {
        var sentry = new FakeSentry(clock ?? TimeProvider.System);
        await sentry.ListenAsync();
        return sentry;
    }

    public async Task ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = _authority.Server("spiffe://localhost/ns/default/dapr-sentry") }) });
        }));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<FakeSentry>, Methods>());
        _web = builder.Build();
        _web.MapGrpcService<FakeSentry>();
        await _web.StartAsync();
        Port = new Uri(_web.Urls.First()).Port;
    }

    private SignCertificateResponse Sign(SignCertificateRequest request)
    {
        lock (_lock)
        {
            _asked.Add((request.Id, request.Namespace));
        }

        var key = CertificateRequest.LoadSigningRequestPem(request.CertificateSigningRequest.ToStringUtf8(), HashAlgorithmName.SHA256).PublicKey;
        return Refusal is null
            ? new SignCertificateResponse { WorkloadCertificate = ByteString.CopyFromUtf8(_authority.Sign($"spiffe://public/ns/{request.Namespace}/{request.Id}", key, LifeOfEach)) }
            : throw Refusal;
    }

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            await _web.DisposeAsync();
        }
    }

    private sealed class Methods : IServiceMethodProvider<FakeSentry>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<FakeSentry> context) => context.AddUnaryMethod(
            ProtoMethod.Of<SignCertificateRequest, SignCertificateResponse>(MethodType.Unary, "dapr.proto.sentry.v1.CA", "SignCertificate"), [], (sentry, request, _) => Task.FromResult(sentry.Sign(request)));
    }
}
