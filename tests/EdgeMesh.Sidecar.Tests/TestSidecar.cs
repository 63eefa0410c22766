using Dapr.Client;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.Sidecar.Tests;

/// <summary>A sidecar on free ports in a folder of its own, with the apps and resources that a test asks for.</summary>
internal sealed class TestSidecar : IAsyncDisposable
{
    public const string Token = "what-callers-send";
    public const string Memory = "memory";
    public const string Sqlite = "sqlite";

    private readonly SidecarHost _host;
    private readonly bool _ownsFolder;

    private TestSidecar(SidecarHost host, string folder, bool ownsFolder) => (_host, Folder, _ownsFolder) = (host, folder, ownsFolder);

    public string Folder { get; }

    public CancellationToken Stopping => _host.Stopping;

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>App <c>alpha</c> calls; further apps are given by their endpoints.</summary>
    public static async Task<TestSidecar> StartAsync(
        string? resources = null, IReadOnlyDictionary<string, Uri?>? apps = null, string? folder = null, Func<SidecarOptions, SidecarOptions>? change = null, ILoggerProvider? log = null)
    {
        var place = folder ?? TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(place, "resources.yaml"), resources ?? Yaml.StandardStores);
        var options = new SidecarOptions
        {
            Namespace = "core",
            ResourcesPaths = [Path.Combine(place, "resources.yaml")],
            WorkingDirectory = place,
            Environment = new Dictionary<string, string>(),
            Apps = [.. (apps ?? new Dictionary<string, Uri?> { ["alpha"] = null }).Select(a => new SidecarAppOptions { AppId = a.Key, AppEndpoint = a.Value, ApiToken = Token, AppToken = TestApp.Token })],
        };
        try
        {
            return new TestSidecar(await SidecarHost.StartAsync(change?.Invoke(options) ?? options, Loggers(log), Cancellation), place, folder is null);
        }
        catch when (folder is null)
        {
            Directory.Delete(place, recursive: true);
            throw;
        }
    }

    private static ILoggerFactory Loggers(ILoggerProvider? log) =>
        log is null ? NullLoggerFactory.Instance : LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(log));

    public static string TemporaryFolder() => Directory.CreateTempSubdirectory("edgemesh-sidecar-").FullName;

    public HttpClient Http(string appId = "alpha", string? token = Token)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = _host.HttpEndpoint(appId), Timeout = TimeSpan.FromSeconds(20) };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Add("dapr-api-token", token);
        }

        return client;
    }

    public Uri? MetricsEndpoint => _host.MetricsEndpoint;

    public Uri? PublicEndpoint(string appId) => _host.PublicEndpoint(appId);

    public Uri GrpcEndpoint(string appId) => _host.GrpcEndpoint(appId);

    public DaprClient Dapr(string appId = "alpha") => new DaprClientBuilder()
        .UseHttpEndpoint(_host.HttpEndpoint(appId).ToString()).UseGrpcEndpoint(_host.GrpcEndpoint(appId).ToString()).UseDaprApiToken(Token).Build();

    public DaprApi Grpc(string appId = "alpha") => new(GrpcChannel.ForAddress(_host.GrpcEndpoint(appId)));

    public static Metadata GrpcToken => new() { { "dapr-api-token", Token } };

    /// <summary>Returns when as many calls have come, or have their turn. Needs a port for metrics, which count for all sidecars of this process: so type and app
    /// together are of one test alone.</summary>
    public async Task HasCallsOfActorsAsync(int calls, string type, string appId)
    {
        using var metrics = new HttpClient();
        while (!(await metrics.GetStringAsync(MetricsEndpoint, Cancellation)).Contains($$"""dapr_runtime_actor_pending_actor_calls{actor_type="{{type}}",app_id="{{appId}}"} {{calls}}""", StringComparison.Ordinal))
        {
            await Task.Delay(10, Cancellation);
        }
    }

    /// <summary>As a sidecar that blocks before it stops.</summary>
    public Task EndInflowAsync() => _host.EndInflowAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        if (_ownsFolder)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
