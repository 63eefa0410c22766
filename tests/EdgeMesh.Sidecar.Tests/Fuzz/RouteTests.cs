using System.Net;
using System.Net.Http.Headers;

namespace EdgeMesh.Sidecar.Tests.Fuzz;

/// <summary>Seeded nonsense at every route: each request has an answer, none takes the sidecar down.</summary>
public sealed class RouteTests
{
    private const string Components = "memory sqlite pubsub locks settings crypto files web nosuch";
    private static readonly string[] Verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    private static readonly string[] Pieces = ["a", "%2F", "%00", "||", "..", "+", "%F0%9F%98%80", "%25", "*", "."];
    private static readonly string[] Shapes =
    [
        "/v1.0/state/{c}", "/v1.0/state/{c}/{x}", "/v1.0/state/{c}/bulk", "/v1.0/state/{c}/transaction", "/v1.0-alpha1/state/{c}/query", "/v1.0/publish/{c}/{x}", "/v1.0/publish/bulk/{c}/{x}",
        "/v1.0/bindings/{c}", "/v1.0/configuration/{c}", "/v1.0/configuration/{c}/subscribe", "/v1.0/configuration/{c}/{x}/unsubscribe", "/v1.0-alpha1/lock/{c}", "/v1.0-alpha1/unlock/{c}",
        "/v1.0-alpha1/crypto/{c}/encrypt", "/v1.0-alpha1/crypto/{c}/decrypt", "/v1.0-alpha1/jobs/{x}", "/v1.0/secrets/{c}/{x}", "/v1.0/metadata/{x}", "/v1.0/invoke/{x}/method/{x}", "/{x}",
    ];

    private static readonly string[] Bodies =
    [
        "", "null", "[]", "{}", "[{}]", "[null]", "{\"operations\":[{}]}", "{\"operations\":[{\"operation\":\"upsert\"}]}", "{\"keys\":[1]}", "{\"keys\":[\"a\"],\"parallelism\":-5}",
        "[{\"key\":\"a\",\"value\":1,\"metadata\":{\"ttlInSeconds\":\"x\"}}]", "{\"operation\":\"get\",\"metadata\":{\"fileName\":\"../../x\"}}", "{\"operation\":\"create\",\"data\":\"\\ud800\"}",
        "{\"resourceId\":\"r\",\"lockOwner\":\"o\",\"expiryInSeconds\":99999999999}", "{\"schedule\":\"@every 1h\",\"data\":[[[[]]]],\"repeats\":-1}", "{\"dueTime\":\"P\",\"failurePolicy\":{\"constant\":{\"interval\":\"x\"}}}",
        "[{\"key\":\"\\ud800\",\"value\":1,\"metadata\":{\"\\udc00\":\"\\udc00\"}}]", "[{\"entryId\":\"\\ud800\",\"event\":\"\\ud800\",\"contentType\":\"text/plain\"}]", "{\"operation\":\"get\",\"metadata\":{\"\\udc00\":\"\\ud800\"}}",
        "{\"schedule\":\"@every 1h\",\"failurePolicy\":{\"constant\":{\"interval\":\"999999999999s\"}}}", "\"text\"", "nonsense", "{\"a\":", "dapr.io/enc/v1\n{}\n\n",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Request_AnyOfThese_IsAnsweredAndTheSidecarLives(int seed)
    {
        var folder = TestSidecar.TemporaryFolder();
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "keys"));
            await using var sidecar = await TestSidecar.StartAsync(
                Yaml.StandardStores + Yaml.Component("pubsub", "pubsub.in-memory") + Yaml.Component("locks", "lock.edgemesh.sqlite", ("connectionString", "locks.db"))
                + Yaml.Component("settings", "configuration.edgemesh.sqlite", ("connectionString", "settings.db")) + Yaml.Component("crypto", "crypto.dapr.localstorage", ("path", "keys"))
                + Yaml.Component("files", "bindings.localstorage", ("rootPath", "files")) + Yaml.Component("web", "bindings.http", ("url", "http://127.0.0.1:9/")),
                folder: folder);
            using var http = sidecar.Http();
            var random = new Random(seed);
            for (var times = 0; times < 600; times++)
            {
                using var request = Request(random);
                using var answer = await http.SendAsync(request, TestSidecar.Cancellation);
                Assert.True((int)answer.StatusCode is >= 200 and < 600, $"{request.Method} {request.RequestUri}: {answer.StatusCode}");
                var body = await answer.Content.ReadAsStringAsync(TestSidecar.Cancellation);
                Assert.True((int)answer.StatusCode < 500 || body.Contains("\"errorCode\":\"", StringComparison.Ordinal), $"{request.Method} {request.RequestUri}: {answer.StatusCode} without Dapr's code, after {(request.Content is null ? "" : await request.Content.ReadAsStringAsync(TestSidecar.Cancellation))}");
            }

            Assert.Equal(HttpStatusCode.OK, (HttpStatusCode)await http.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync());
            Assert.False(sidecar.Stopping.IsCancellationRequested);
            Assert.False(File.Exists(Path.Combine(folder, "..", "x")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static HttpRequestMessage Request(Random random)
    {
        var path = Shapes[random.Next(Shapes.Length)];
        var components = Components.Split(' ');
        while (path.Contains("{c}", StringComparison.Ordinal) || path.Contains("{x}", StringComparison.Ordinal))
        {
            path = path.Replace("{c}", components[random.Next(components.Length)], StringComparison.Ordinal).Replace("{x}", Word(random), StringComparison.Ordinal);
        }

        var request = new HttpRequestMessage(new HttpMethod(Verbs[random.Next(Verbs.Length)]), path);
        if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Options)
        {
            request.Content = new StringContent(Bodies[random.Next(Bodies.Length)], new MediaTypeHeaderValue(random.Next(3) == 0 ? "text/plain" : "application/json"));
        }

        foreach (var header in new[] { "dapr-key-name", "dapr-key-wrap-algorithm", "dapr-data-encryption-cipher", "traceparent" })
        {
            if (random.Next(2) == 0)
            {
                request.Headers.TryAddWithoutValidation(header, random.Next(2) == 0 ? "A256KW" : "x");
            }
        }

        return request;
    }

    private static string Word(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => Pieces[random.Next(Pieces.Length)]));
}
