using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Which topics of a component an app may publish and subscribe.</summary>
public abstract class TopicScopeSuite(bool isReal) : RunSuite(isReal)
{
    [Fact]
    public async Task Topics_AllowedProtectedAndScoped_AreThoseThatAnAppMayUse()
    {
        string[] topics = ["open", "own", "others", "guarded", "elsewhere"];
        await using var app = await TestApp.StartAsync(
            "alpha", [.. topics.Select(t => new { pubsubname = "scoped", topic = t, route = "/deliver/scoped-" + t }), .. topics.Select(t => new { pubsubname = "free", topic = t, route = "/deliver/free-" + t })], Cancellation);
        await using var run = await StartAsync(
            app, "  features: []\n",
            Component("scoped", "pubsub.in-memory", ("allowedTopics", "open, own, others,guarded"), ("protectedTopics", "own,guarded"), ("publishingScopes", "alpha=open,own,elsewhere;beta=others"), ("subscriptionScopes", "alpha=own"))
            + Component("free", "pubsub.in-memory", ("allowedTopics", "open,own,others,guarded"), ("protectedTopics", "guarded"), ("publishingScopes", "beta=others"), ("subscriptionScopes", "beta=own")));
        using var client = run.Client();
        Assert.Equal("open 204, own 204, others 403, guarded 403, elsewhere 403", await PublishAsync(client, "scoped", topics));
        Assert.Equal("open 204, own 204, others 204, guarded 403, elsewhere 403", await PublishAsync(client, "free", topics));
        Assert.Equal(
            (403, "ERR_PUBSUB_FORBIDDEN", "topic others is not allowed for app id alpha"), await Faults.OfAsync(client.PostAsync("/v1.0/publish/scoped/others", Running.Json("{}"), Cancellation)));

        // What an app may publish and not subscribe was published before what comes.
        foreach (var name in new[] { "scoped-own", "free-open", "free-own", "free-others" })
        {
            await app.NextAsync(name, Cancellation);
        }

        Assert.All(["scoped-open", "scoped-others", "free-guarded"], name => Assert.Equal(0, app.Taken(name)));
    }

    private static async Task<string> PublishAsync(HttpClient client, string pubsub, string[] topics)
    {
        var seen = new List<string>();
        foreach (var topic in topics)
        {
            using var answer = await client.PostAsync($"/v1.0/publish/{pubsub}/{topic}", Running.Json("{}"), Cancellation);
            seen.Add($"{topic} {(int)answer.StatusCode}");
        }

        return string.Join(", ", seen);
    }
}

public sealed class EmbeddedTopicScopeTests() : TopicScopeSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdTopicScopeTests() : TopicScopeSuite(isReal: true);
