using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>One call of every kind, some that succeed and some that fail.</summary>
internal static class MetricsCalls
{
    private static readonly string[] Gets =
    [
        "/v1.0/invoke/beta/method/echo/hello", "/v1.0/invoke/nobody/method/x", "/v1.0/invoke/outside/method/slow", "/v1.0/state/memory/k", "/v1.0/state/memory/none",
        "/v1.0/configuration/settings?key=a", "/v1.0/configuration/settings/subscribe?key=a", "/v1.0/secrets/files/greeting", "/v1.0/secrets/files/bulk", "/v1.0/secrets/files/nosuch",
        "/v1.0/actors/plain/1/state/a", "/v1.0/actors/plain/1/reminders/r", "/v1.0-alpha1/jobs/m-job", "/v1.0/metadata", "/nothing",
    ];

    private static readonly (string Path, string Body)[] Posts =
    [
        ("/v1.0/state/memory", """[{"key":"k","value":1}]"""),
        ("/v1.0/state/memory", """[{"key":"k","value":1,"etag":"77"}]"""),
        ("/v1.0/state/memory/bulk", """{"keys":["k"]}"""),
        ("/v1.0/state/memory/transaction", """{"operations":[{"operation":"upsert","request":{"key":"t","value":1}}]}"""),
        ("/v1.0/publish/pubsub/m-ok", "{}"), ("/v1.0/publish/pubsub/m-drop", "{}"), ("/v1.0/publish/pubsub/m-again", "{}"), ("/v1.0/publish/nosuch/x", "{}"),
        ("/v1.0/publish/bulk/pubsub/m-bulk", """[{"entryId":"1","event":"a","contentType":"text/plain"},{"entryId":"2","event":"b","contentType":"text/plain"}]"""),
        ("/v1.0/bindings/web", """{"operation":"get"}"""), ("/v1.0/bindings/web", """{"operation":"nope"}"""),
        ("/v1.0-alpha1/lock/locks", """{"resourceId":"r","lockOwner":"me","expiryInSeconds":10}"""),
        ("/v1.0-alpha1/unlock/locks", """{"resourceId":"r","lockOwner":"me"}"""),
        ("/v1.0/actors/plain/1/method/ok", "{}"), ("/v1.0/actors/idle/1/method/ok", "{}"),
        ("/v1.0/actors/plain/1/state", """[{"operation":"upsert","request":{"key":"a","value":1}}]"""),
        ("/v1.0/actors/plain/1/timers/t", """{"dueTime":"50ms"}"""),
        ("/v1.0/actors/plain/1/reminders/r", """{"dueTime":"50ms","period":"1h"}"""),
        ("/v1.0-alpha1/jobs/m-job", """{"dueTime":"1s","schedule":"@every 1h","data":{"a":1}}"""),
    ];

    public static async Task MakeAsync(Running dapr, string caller)
    {
        using var client = dapr.Client(caller);
        var times = 0;
        dapr.Alpha.Answer("m-drop", _ => Results.Text("""{"status":"DROP"}"""));
        dapr.Alpha.Answer("m-again", _ => Results.StatusCode(Interlocked.Increment(ref times) < 3 ? 500 : 200));
        dapr.Alpha.Answer("m-bulk", d => Results.Json(new { statuses = d.Json.GetProperty("entries").EnumerateArray().Select(e => new { entryId = e.GetProperty("entryId").GetString(), status = "SUCCESS" }).ToArray() }));
        foreach (var (path, body) in Posts)
        {
            using var answer = await client.PostAsync(path, Running.Json(body));
        }

        foreach (var path in Gets)
        {
            using var answer = await client.GetAsync(path);
        }

        // Three tries open the breaker, and the next call finds it so.
        using var tries = await client.GetAsync("/v1.0/invoke/beta/method/status/500");
        using var open = await client.GetAsync("/v1.0/invoke/beta/method/status/500");
        using var deleted = await client.DeleteAsync("/v1.0/state/memory/k");
        using var encrypt = new HttpRequestMessage(HttpMethod.Put, "/v1.0-alpha1/crypto/crypto/encrypt") { Content = new StringContent("hello"), Headers = { { "dapr-key-name", "rsa.pem" }, { "dapr-key-wrap-algorithm", "RSA" } } };
        using var encrypted = await client.SendAsync(encrypt);
        var grpc = dapr.Grpc(caller);
        await grpc.GetStateAsync(new GetStateRequest { StoreName = "memory", Key = "k" }, Running.Token);
        await Assert.ThrowsAsync<RpcException>(async () => await grpc.GetStateAsync(new GetStateRequest { StoreName = "nosuch", Key = "k" }, Running.Token));
    }

    /// <summary>Every series of an app's sidecar, as name and labels; a histogram's as its name alone and labels without its buckets'.</summary>
    public static async Task<(HashSet<string> Series, Dictionary<string, string> Types)> ScrapeAsync(Running dapr, string appId)
    {
        using var prometheus = new HttpClient { BaseAddress = dapr.Engine.Metrics(appId) };
        var lines = (await prometheus.GetStringAsync("/metrics")).Split('\n');
        var types = lines.Where(l => l.StartsWith("# TYPE dapr_", StringComparison.Ordinal)).Select(l => l.Split(' ')).ToDictionary(l => l[2], l => l[3]);
        var series = lines.Where(l => l.StartsWith("dapr_", StringComparison.Ordinal)).Select(l => l[..l.LastIndexOf(' ')]).Select(l => Plain(l, types)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return (series, types);
    }

    private static string? Plain(string series, Dictionary<string, string> types)
    {
        var brace = series.IndexOf('{', StringComparison.Ordinal);
        var name = series[..brace];
        return types.ContainsKey(name) ? series : name.EndsWith("_count", StringComparison.Ordinal) ? name[..^"_count".Length] + series[brace..] : null;
    }
}
