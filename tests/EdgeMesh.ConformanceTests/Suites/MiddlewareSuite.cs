using System.Net;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Net.Client;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Middleware before the HTTP API and before the app.</summary>
public abstract class MiddlewareSuite(bool isReal) : RunSuite(isReal)
{
    private static readonly string Memory = Component("memory", "state.in-memory");

    [Fact]
    public async Task Uppercase_BeforeTheApi_MakesBodiesCapitals()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Pipeline("httpPipeline", "uppercase"), Memory + Component("uppercase", "middleware.http.uppercase"));
        using var client = run.Client();
        using var set = await client.PostAsync("/v1.0/state/memory", Running.Json("""[{"key":"k","value":"abc"}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        Assert.Equal("\"ABC\"", await client.GetStringAsync("/v1.0/state/memory/K", Cancellation));
    }

    [Fact]
    public async Task Uppercase_BeforeTheApp_MakesWhatItGetsCapitals_AndNotWhatTheApiGets()
    {
        await using var app = await TestApp.StartAsync("alpha", [new { pubsubname = "pubsub", topic = "t", route = "/deliver/t" }], Cancellation);
        await using var run = await StartAsync(
            app, Pipeline("appHttpPipeline", "uppercase"), Memory + Component("pubsub", "pubsub.in-memory") + Component("uppercase", "middleware.http.uppercase"));
        using var client = run.Client();
        using var invoked = await client.PostAsync("/v1.0/invoke/alpha/method/echo/x", Running.Json("""{"a":"b"}"""), Cancellation);
        Assert.Equal("""{"A":"B"}""", await invoked.Content.ReadAsStringAsync(Cancellation));
        using var set = await client.PostAsync("/v1.0/state/memory", Running.Json("""[{"key":"k","value":"abc"}]"""), Cancellation);
        Assert.Equal("\"abc\"", await client.GetStringAsync("/v1.0/state/memory/k", Cancellation));
        using var published = await client.PostAsync("/v1.0/publish/pubsub/t", Running.Json("""{"n":"one"}"""), Cancellation);
        Assert.Equal("ONE", (await app.NextAsync("t", Cancellation)).Json.GetProperty("DATA").GetProperty("N").GetString());
    }

    [Theory]
    [InlineData("/short", "/echo/x")]
    [InlineData("/short?b=2", "/echo/x?b=2")]
    [InlineData("/orders/7/lines", "/echo/lines?id=7")]
    [InlineData("/orders/7/lines?z=1&a=2", "/echo/lines?a=2&id=7&z=1")]
    public async Task RouterAlias_StandsForAnotherPath(string path, string expected)
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        var routes = """{"/short":"/v1.0/invoke/alpha/method/echo/x","/orders/{id}/lines":"/v1.0/invoke/alpha/method/echo/lines"}""";
        await using var run = await StartAsync(app, Pipeline("httpPipeline", "routeralias"), Component("routeralias", "middleware.http.routeralias", ("routes", routes)));
        using var client = run.Client();
        using var answer = await client.GetAsync(path, Cancellation);
        Assert.Equal(expected, Header(answer, "x-echo-path") + Header(answer, "x-echo-query"));
    }

    [Fact]
    public async Task RouterAlias_BeforeTheApp_StandsForAnotherPath()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Pipeline("appHttpPipeline", "routeralias"), Component("routeralias", "middleware.http.routeralias", ("routes", """{"/old":"/echo/new"}""")));
        using var client = run.Client();
        using var answer = await client.GetAsync("/v1.0/invoke/alpha/method/old?a=1", Cancellation);
        Assert.Equal(("/echo/new", "?a=1"), (Header(answer, "x-echo-path"), Header(answer, "x-echo-query")));
    }

    [Fact]
    public async Task RouterAlias_StandsForInvocationsAlone_AndLeadsAroundNoListAndNoToken()
    {
        (string From, string To, string? AppId, string Answer)[] cases =
        [
            ("/state", "/v1.0/state/memory/k", null, "404"),
            ("/metadata", "/v1.0/metadata", null, "404"),
            ("/workflows", "/v1.0/workflows/dapr/x", null, "404"),
            ("/v1.0/mall/info", "/v1.0/invoke/alpha/method/echo/mall", null, "200 /echo/mall"),
            ("/v1.0/invoke/alpha/method/echo/old", "/v1.0/invoke/alpha/method/echo/new", null, "200 /echo/new"),
            ("/v1.0/metadata", "/v1.0/invoke/alpha/method/echo/x", null, "200"),
            ("/v1.0/healthz", "/v1.0/invoke/alpha/method/echo/x", null, "204"),
            ("/plain", "/echo/plain", null, "404"),
            ("/named", "/echo/named", "alpha", "200 /echo/named"),
        ];
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        var routes = System.Text.Json.JsonSerializer.Serialize(cases.ToDictionary(c => c.From, c => c.To));
        await using var run = await StartAsync(
            app, "  api: { denied: [{ name: state, version: v1.0, protocol: http }] }\n" + Pipeline("httpPipeline", "routeralias"), Memory + Component("routeralias", "middleware.http.routeralias", ("routes", routes)));
        using var client = run.Client();
        using var stranger = run.Client(token: null);
        var seen = new List<(string, string)>();
        foreach (var (from, _, appId, _) in cases)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, from);
            if (appId is not null)
            {
                request.Headers.Add("dapr-app-id", appId);
            }

            using var answer = await client.SendAsync(request, Cancellation);
            seen.Add((from, $"{(int)answer.StatusCode} {Header(answer, "x-echo-path")}".TrimEnd()));
            using var refused = await stranger.GetAsync(from, Cancellation);
            Assert.Equal(from == "/v1.0/healthz" ? HttpStatusCode.NoContent : HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        Assert.Equal(cases.Select(c => (c.From, c.Answer)), seen);
    }

    [Theory]
    [InlineData("httpPipeline")]
    [InlineData("appHttpPipeline")]
    public async Task RateLimit_MoreThanASecondTakes_Is429(string section)
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Pipeline(section, "ratelimit"), Component("ratelimit", "middleware.http.ratelimit", ("maxRequestsPerSecond", "1")));
        using var client = run.Client();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetAsync("/v1.0/invoke/alpha/method/echo/x", Cancellation)));
        var refused = answers.Where(a => a.StatusCode == HttpStatusCode.TooManyRequests).ToArray();
        Assert.NotEmpty(refused);
        Assert.Equal(answers.Length, refused.Length + answers.Count(a => a.StatusCode == HttpStatusCode.OK));
        Assert.Equal(("You have reached maximum request limit.", "1", "0", "1"),
            (await refused[0].Content.ReadAsStringAsync(Cancellation), Header(refused[0], "RateLimit-Limit"), Header(refused[0], "RateLimit-Remaining"), Header(refused[0], "RateLimit-Reset")));
        await Eventually.HoldsAsync(async () => (await client.GetAsync("/v1.0/invoke/alpha/method/echo/x", Cancellation)).StatusCode == HttpStatusCode.OK, Cancellation);
    }

    [Fact]
    public async Task Bearer_LetsThroughWhatTheIssuerSignedForTheAudience()
    {
        await using var issuer = await TokenIssuer.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Pipeline("httpPipeline", "bearer"), Bearer(issuer));
        using var client = run.Client();
        async Task<int> AskAsync(string? header)
        {
            client.DefaultRequestHeaders.Authorization = header is null ? null : AuthenticationHeaderValue.Parse(header);
            using var answer = await client.GetAsync("/v1.0/metadata", Cancellation);
            if (answer.StatusCode == HttpStatusCode.Unauthorized)
            {
                Assert.Equal(("Unauthorized", "text/plain"), (await answer.Content.ReadAsStringAsync(Cancellation), answer.Content.Headers.ContentType?.MediaType));
            }

            return (int)answer.StatusCode;
        }

        (string Case, string? Header, int Expected)[] cases =
        [
            ("nothing", null, 401),
            ("a valid token", $"Bearer {issuer.Token()}", 200),
            ("in small letters", $"bearer {issuer.Token()}", 200),
            ("another scheme", "Basic eDp5", 401),
            ("no token", "Bearer x.y.z", 401),
            ("another audience", $"Bearer {issuer.Token(("aud", "others"))}", 401),
            ("several audiences", $"Bearer {issuer.Token(("aud", new[] { "others", TokenIssuer.Audience }))}", 200),
            ("another issuer", $"Bearer {issuer.Token(("iss", "http://127.0.0.1:1"))}", 401),
            ("no issuer", $"Bearer {issuer.Token(("iss", null))}", 401),
            ("expired", $"Bearer {issuer.Token(("exp", -600))}", 401),
            ("expired, within the skew of clocks", $"Bearer {issuer.Token(("exp", -60))}", 200),
            ("without an end", $"Bearer {issuer.Token(("exp", null))}", 200),
            ("not yet", $"Bearer {issuer.Token(("nbf", 600))}", 401),
            ("not yet, within the skew of clocks", $"Bearer {issuer.Token(("nbf", 60))}", 200),
            ("of the future", $"Bearer {issuer.Token(("iat", 600))}", 401),
            ("a key that the issuer does not have", $"Bearer {issuer.Token(("kid", "two"))}", 401),
            ("a key without a name", $"Bearer {issuer.Token(("kid", null))}", 401),
            ("another signature", $"Bearer {issuer.Token()[..^8]}AAAAAAAA", 401),
        ];
        var seen = new List<(string, int)>();
        foreach (var (name, header, _) in cases)
        {
            seen.Add((name, await AskAsync(header)));
        }

        Assert.Equal(cases.Select(c => (c.Case, c.Expected)), seen);
    }

    [Fact]
    public async Task Bearer_StandsBeforeHealth_AndNotBeforeGrpc()
    {
        await using var issuer = await TokenIssuer.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Pipeline("httpPipeline", "bearer"), Bearer(issuer));
        using var client = run.Client();
        using var health = await client.GetAsync("/v1.0/healthz", Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, health.StatusCode);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{run.GrpcPort}");
        Assert.Equal("alpha", (await new DaprApi(channel).GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation)).Id);
    }

    [Fact]
    public async Task Bearer_BeforeTheApp_AnswersInItsPlace()
    {
        await using var issuer = await TokenIssuer.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Pipeline("appHttpPipeline", "bearer"), Bearer(issuer));
        using var client = run.Client();
        using var refused = await client.GetAsync("/v1.0/invoke/alpha/method/echo/x", Cancellation);
        Assert.Equal((HttpStatusCode.Unauthorized, "Unauthorized"), (refused.StatusCode, await refused.Content.ReadAsStringAsync(Cancellation)));
        client.DefaultRequestHeaders.Authorization = new("Bearer", issuer.Token());
        using var answer = await client.GetAsync("/v1.0/invoke/alpha/method/echo/x", Cancellation);
        Assert.Equal("/echo/x", Header(answer, "x-echo-path"));
    }

    [Theory]
    [InlineData("bearer, ratelimit", false)]
    [InlineData("ratelimit, bearer", true)]
    public async Task Handlers_StandInTheirOrder(string handlers, bool isLimited)
    {
        await using var issuer = await TokenIssuer.StartAsync(Cancellation);
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, Pipeline("httpPipeline", handlers.Split(", ")), Bearer(issuer) + Component("ratelimit", "middleware.http.ratelimit", ("maxRequestsPerSecond", "1")));
        using var client = run.Client();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetAsync("/v1.0/metadata", Cancellation)));
        Assert.Equal(isLimited, answers.Any(a => a.StatusCode == HttpStatusCode.TooManyRequests));
    }

    private static string Bearer(TokenIssuer issuer) => Component("bearer", "middleware.http.bearer", ("issuer", issuer.Url), ("audience", TokenIssuer.Audience));

    private static string Pipeline(string section, params string[] handlers) =>
        $"  {section}:\n    handlers: [{string.Join(", ", handlers.Select(h => $"{{ name: {h}, type: middleware.http.{h} }}"))}]\n";

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : "";
}

public sealed class EmbeddedMiddlewareTests() : MiddlewareSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdMiddlewareTests() : MiddlewareSuite(isReal: true);
