using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;
using Grpc.Net.Client;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Calls that get no further than the sidecar's door: which check answers where several would, and what is counted of them.</summary>
public abstract class RefusalSuite(bool isReal) : RunSuite(isReal)
{
    private const string Denied = "  api: { denied: [{ name: metadata, version: v1.0, protocol: http }, { name: metadata, version: v1, protocol: grpc }] }\n";
    private const string Bearer = "  httpPipeline: { handlers: [{ name: bearer, type: middleware.http.bearer }] }\n";

    private static readonly string Memory = Component("memory", "state.in-memory");

    /// <summary>Of its own for each test: embedded engines of one process count together for apps of one name.</summary>
    private readonly string _app = "a" + Guid.NewGuid().ToString("N");

    [Theory]
    [InlineData("/v1.0/state/memory/k", false, false, "401 invalid api token")]
    [InlineData("/v1.0/state/memory/k", true, false, "401 Unauthorized")]
    [InlineData("/v1.0/state/memory/k", false, true, "401 invalid api token")]
    [InlineData("/v1.0/state/memory/k", true, true, "204")]
    [InlineData("/v1.0/metadata", false, false, "401 invalid api token")]
    [InlineData("/v1.0/metadata", true, false, "401 Unauthorized")]
    [InlineData("/v1.0/metadata", true, true, "404")]
    [InlineData("/v1.0/nothing", false, false, "401 invalid api token")]
    [InlineData("/v1.0/nothing", true, false, "401 Unauthorized")]
    [InlineData("/v1.0/nothing", true, true, "404")]
    public async Task Http_OfSeveralRefusals_TheFirstChecksAnswers(string path, bool withToken, bool withBearer, string expected)
    {
        await using var issuer = await TokenIssuer.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Denied + Bearer, Memory + Component("bearer", "middleware.http.bearer", ("issuer", issuer.Url), ("audience", TokenIssuer.Audience)));
        using var client = run.Client(token: withToken ? EngineSetup.ApiToken : null);
        client.DefaultRequestHeaders.Authorization = withBearer ? new("Bearer", issuer.Token()) : null;
        using var answer = await client.GetAsync(path, Cancellation);
        var body = answer.StatusCode == System.Net.HttpStatusCode.Unauthorized ? await answer.Content.ReadAsStringAsync(Cancellation) : "";
        Assert.Equal(expected, $"{(int)answer.StatusCode} {body}".Trim());
    }

    [Fact]
    public async Task Http_Refused_IsCountedWithItsStatus()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Denied, Memory, "--app-id", _app);
        using HttpClient client = run.Client(), stranger = run.Client(token: null);
        using var refused = await stranger.GetAsync("/v1.0/state/memory/k", Cancellation);
        using var denied = await client.GetAsync("/v1.0/metadata", Cancellation);
        using var unknown = await client.GetAsync("/v1.0/nothing", Cancellation);
        using var question = await stranger.SendAsync(Question(), Cancellation);
        await CountedAsync(run, $$"""dapr_http_server_request_count{app_id="{{_app}}",method="GET",path="/v1.0/nothing",status="404"}""");
        Assert.Equal(
            ["GET /v1.0/metadata 404", "GET /v1.0/nothing 404", "GET /v1.0/state/memory 401", "OPTIONS /v1.0/state/memory 401"],
            (await SeriesAsync(run, "dapr_http_server_request_count")).Where(s => !s.Contains("healthz", StringComparison.Ordinal)));
    }

    /// <summary>A browser's, which needs no token.</summary>
    [Fact]
    public async Task Http_QuestionBeforeACall_IsCountedWhereItIsAnswered()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, "  features: []\n", Memory, "--allowed-origins", "http://page", "--app-id", _app);
        using var client = run.Client(token: null);
        using var answer = await client.SendAsync(Question(), Cancellation);
        Assert.Equal(200, (int)answer.StatusCode);
        using var refused = await client.GetAsync("/v1.0/state/memory/k", Cancellation);
        await CountedAsync(run, $$"""dapr_http_server_request_count{app_id="{{_app}}",method="GET",path="/v1.0/state/memory",status="401"}""");
        Assert.Equal(
            ["GET /v1.0/state/memory 401", "OPTIONS /v1.0/state/memory 200"],
            (await SeriesAsync(run, "dapr_http_server_request_count")).Where(s => !s.Contains("healthz", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Log_OfCalls_HasWhatTheListsRefuse_AndNotWhatIsRefusedBefore()
    {
        await using var issuer = await TokenIssuer.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(
            app, Denied + Bearer + "  logging: { apiLogging: { enabled: true, omitHealthChecks: true } }\n", Memory + Component("bearer", "middleware.http.bearer", ("issuer", issuer.Url), ("audience", TokenIssuer.Audience)));
        using HttpClient client = run.Client(), stranger = run.Client(token: null);
        using var withoutToken = await stranger.GetAsync("/v1.0/state/memory/without-token", Cancellation);
        using var withoutBearer = await client.GetAsync("/v1.0/state/memory/without-bearer", Cancellation);
        client.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token());
        foreach (var path in new[] { "/v1.0/metadata", "/v1.0/nothing", "/v1.0/state/memory/served" })
        {
            using var answer = await client.GetAsync(path, Cancellation);
        }

        await Eventually.HoldsAsync(() => Task.FromResult(run.Said.Contains("code=204", StringComparison.Ordinal)), Cancellation);
        Assert.Equal(["404", "404", "204"], run.Said.Split('\n').Where(l => l.Contains("API Called", StringComparison.Ordinal)).Select(l => l.Split("code=")[1][..3]));
    }

    [Theory]
    [InlineData(false, false, "Unauthenticated: Unauthorized")]
    [InlineData(true, false, "Unimplemented: Not Implemented")]
    [InlineData(true, true, "Unimplemented: Not Implemented")]
    public async Task Grpc_OfSeveralRefusals_TheFirstChecksAnswers(bool isDenied, bool withToken, string expected)
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Denied, Memory, "--app-id", _app);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{run.GrpcPort}");
        Assert.Equal(expected, await RefusalAsync(new DaprApi(channel), isDenied, withToken ? Running.Token : []));
    }

    [Fact]
    public async Task Grpc_Refused_IsCountedNowhere()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Denied, Memory, "--app-id", _app);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{run.GrpcPort}");
        var dapr = new DaprApi(channel);
        await RefusalAsync(dapr, isDenied: true, Running.Token);
        await RefusalAsync(dapr, isDenied: false, []);
        await dapr.SaveStateAsync(new SaveStateRequest { StoreName = "memory" }, Running.Token, cancellationToken: Cancellation);
        await CountedAsync(run, $$"""dapr_grpc_io_server_completed_rpcs{app_id="{{_app}}",grpc_server_method="/dapr.proto.runtime.v1.Dapr/SaveState",grpc_server_status="OK"}""");
        Assert.Equal(["/dapr.proto.runtime.v1.Dapr/SaveState OK"], await SeriesAsync(run, "dapr_grpc_io_server_completed_rpcs"));
    }

    private static HttpRequestMessage Question()
    {
        var question = new HttpRequestMessage(HttpMethod.Options, "/v1.0/state/memory/k");
        question.Headers.Add("Origin", "http://page");
        question.Headers.Add("Access-Control-Request-Method", "GET");
        return question;
    }

    private static async Task<string> RefusalAsync(DaprApi dapr, bool isDenied, Metadata headers)
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            _ = isDenied
                ? (object)await dapr.GetMetadataAsync(new GetMetadataRequest(), headers, cancellationToken: Cancellation)
                : await dapr.GetStateAsync(new GetStateRequest { StoreName = "memory", Key = "k" }, headers, cancellationToken: Cancellation);
        });
        return $"{error.StatusCode}: {error.Status.Detail}";
    }

    /// <summary>What was called is counted after its answer.</summary>
    private static Task CountedAsync(SidecarRun run, string series) => Eventually.HoldsAsync(async () => (await ScrapeAsync(run)).Contains(series, StringComparison.Ordinal), Cancellation);

    /// <summary>The values of a counter's labels, but for the app's id.</summary>
    private static async Task<string[]> SeriesAsync(SidecarRun run, string counter) =>
    [
        .. (await ScrapeAsync(run)).Split('\n').Where(l => l.StartsWith(counter + "{", StringComparison.Ordinal))
            .Select(l => string.Join(' ', l.Split('"').Where((_, at) => at % 2 == 1).Skip(1))).Order(StringComparer.Ordinal),
    ];

    private static async Task<string> ScrapeAsync(SidecarRun run)
    {
        using var prometheus = run.Client(run.MetricsPort);
        return await prometheus.GetStringAsync("/metrics", Cancellation);
    }
}

public sealed class EmbeddedRefusalTests() : RefusalSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdRefusalTests() : RefusalSuite(isReal: true);
