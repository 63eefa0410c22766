using System.Security.Cryptography;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Monitor.Tests;

/// <summary>A site with the monitor behind a real sidecar, and its listeners for telemetry.</summary>
internal sealed class TelemetrySite : IAsyncDisposable
{
    public const string Site = "test-site";

    private static readonly (string Private, string Public) CallerKey = NewCallerKey();

    private TelemetrySite(DaprTestHost host, int grpcPort, int httpPort)
    {
        Host = host;
        GrpcAddress = new($"http://127.0.0.1:{grpcPort}");
        Otlp = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new($"http://127.0.0.1:{httpPort}") };
        Client = host.InvokeClient("gateway", MonitorApp.AppId);
    }

    public DaprTestHost Host { get; }

    public Uri GrpcAddress { get; }

    /// <summary>Where telemetry goes by HTTP.</summary>
    public HttpClient Otlp { get; }

    /// <summary>As the gateway reaches the service.</summary>
    public HttpClient Client { get; }

    public TelemetryStore Store => Host.Services(MonitorApp.AppId).GetRequiredService<TelemetryStore>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<TelemetrySite> StartAsync(params (string Key, string Value)[] settings) => StartAsync(null, settings);

    public static Task<TelemetrySite> StartAsync(MeshDirectory? directory, params (string Key, string Value)[] settings) => StartAsync(directory, MonitorApp.Create, settings);

    public static async Task<TelemetrySite> StartAsync(MeshDirectory? directory, Func<WebApplicationBuilder, WebApplication> create, params (string Key, string Value)[] settings)
    {
        var (grpc, http) = (LoopbackPorts.Take(), LoopbackPorts.Take());
        // What tests send is dated, and must not be too old one day.
        (string Key, string Value)[] all = [.. settings, ("LogDays", "3650"), ("TraceDays", "3650"), ("MetricDays", "3650"), ("OtlpGrpcPort", $"{grpc}"), ("OtlpHttpPort", $"{http}")];
        var options = new DaprTestHostOptions
        {
            Site = Site,
            Directory = directory,
            Apps = [new TestApp(MonitorApp.AppId, create) { Settings = all.ToDictionary(s => $"EdgeMesh:Monitor:{s.Key}", s => (string?)s.Value) }, new TestApp("gateway")],
            Secrets = new Dictionary<string, string> { [SiteSecrets.CallerSigningKey] = CallerKey.Private, [SiteSecrets.CallerVerifyKey] = CallerKey.Public },
        };
        return new(await DaprTestHost.StartAsync(options, Cancellation), grpc, http);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Caller? caller, byte[]? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new ByteArrayContent(body) };
        if (caller is not null)
        {
            request.Headers.Add(CallerTokens.Header, new CallerTokens(TimeProvider.System).Sign(caller, Site, CallerKey.Private));
        }

        return await Client.SendAsync(request, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        Otlp.Dispose();
        Client.Dispose();
        await Host.DisposeAsync();
    }

    private static (string, string) NewCallerKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }
}
