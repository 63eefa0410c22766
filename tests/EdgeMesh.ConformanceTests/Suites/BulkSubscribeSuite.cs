using System.Net;
using System.Text;
using System.Text.Json;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Bulk subscriptions: many messages in one body, a verdict for each.</summary>
public abstract class BulkSubscribeSuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bulk")]
    [InlineData("bulk-declared")]
    public async Task Deliver_Bulk_HasTheEnvelopesInDaprsForm(string topic)
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer(topic, d => AllSay(d, "SUCCESS"));
        await PublishAsync(topic, [.. Enumerable.Range(0, 5).Select(n => $$"""{"n":{{n}}}""")]);
        var seen = new HashSet<int>();
        while (seen.Count < 5)
        {
            var delivery = await dapr.Alpha.NextAsync(topic, Cancellation);
            Assert.Equal(("application/json", "broker"), (delivery.ContentType, delivery.Headers["pubsubname"]));
            var body = delivery.Json;
            Assert.Equal((topic, "broker", "com.dapr.event.sent.bulk"), (body.GetProperty("topic").GetString(), body.GetProperty("pubsubname").GetString(), body.GetProperty("type").GetString()));
            Assert.Equal("broker", body.GetProperty("metadata").GetProperty("pubsubName").GetString());
            Assert.True(Guid.TryParse(body.GetProperty("id").GetString(), out _));
            foreach (var entry in body.GetProperty("entries").EnumerateArray())
            {
                Assert.Equal("application/cloudevents+json", entry.GetProperty("contentType").GetString());
                Assert.NotEqual("", entry.GetProperty("entryId").GetString());
                Assert.Equal(("1.0", topic), (entry.GetProperty("event").GetProperty("specversion").GetString(), entry.GetProperty("event").GetProperty("topic").GetString()));
                Assert.True(seen.Add(entry.GetProperty("event").GetProperty("data").GetProperty("n").GetInt32()));
            }
        }
    }

    [Fact]
    public async Task Deliver_StatusOfEach_DecidesOfEach()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("bulk-statuses", d => Say(d, e => e.GetProperty("event").GetProperty("data").GetProperty("say").GetString()));
        await PublishAsync("bulk-statuses", [.. new[] { "SUCCESS", "RETRY", "DROP", "", "ODD", "nothing" }.Select(s => $$"""{"say":"{{s}}"}""")]);
        var dead = new HashSet<string>();
        while (dead.Count < 5)
        {
            dead.Add((await dapr.Alpha.NextAsync("bulk-statuses-dead", Cancellation)).Json.GetProperty("data").GetProperty("say").GetString()!);
        }

        Assert.Equal(["", "DROP", "ODD", "RETRY", "nothing"], dead.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Deliver_NoStatusAtAll_GoesToDeadLetters()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("bulk-empty", _ => Results.Ok());
        await PublishAsync("bulk-empty", "1");
        Assert.Equal(1, (await dapr.Alpha.NextAsync("bulk-empty-dead", Cancellation)).Json.GetProperty("data").GetInt32());
    }

    [Fact]
    public async Task Deliver_NoSuchRoute_IsLost()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("bulk-404", _ => Results.NotFound());
        await PublishAsync("bulk-404", "1");
        await dapr.Alpha.NextAsync("bulk-404", Cancellation);
        await PublishAsync("bulk-404-dead", "\"the only one\"");
        Assert.Equal("the only one", (await dapr.Alpha.NextAsync("bulk-404-dead", Cancellation)).Json.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Deliver_Raw_IsBase64OfWhatWasPublished()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("bulk-raw", d => AllSay(d, "SUCCESS"));
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/publish/broker/bulk-raw?metadata.rawPayload=true", new StringContent("plain bytes"), Cancellation);
        var entry = (await dapr.Alpha.NextAsync("bulk-raw", Cancellation)).Json.GetProperty("entries")[0];
        Assert.Equal(("application/octet-stream", "plain bytes"), (entry.GetProperty("contentType").GetString(), Encoding.UTF8.GetString(entry.GetProperty("event").GetBytesFromBase64())));
    }

    [Fact]
    public async Task Deliver_Routed_EachRouteHasItsOwn()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("bulk-special", d => AllSay(d, "SUCCESS"));
        dapr.Alpha.Answer("bulk-plain", d => AllSay(d, "SUCCESS"));
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/publish/bulk/broker/bulk-routed", Running.Json("""
            [{"entryId":"1","event":{"specversion":"1.0","type":"special","source":"x","id":"the-special"},"contentType":"application/cloudevents+json"},
             {"entryId":"2","event":{"n":1},"contentType":"application/json"}]
            """), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("the-special", EventId(await dapr.Alpha.NextAsync("bulk-special", Cancellation)));
        Assert.Single((await dapr.Alpha.NextAsync("bulk-plain", Cancellation)).Json.GetProperty("entries").EnumerateArray());
    }

    private protected static string? EventId(Delivery delivery) => delivery.Json.GetProperty("entries")[0].GetProperty("event").GetProperty("id").GetString();

    private protected static IResult AllSay(Delivery delivery, string status) => Say(delivery, _ => status);

    /// <summary>An entry of which "nothing" is to be said is left out.</summary>
    private static IResult Say(Delivery delivery, Func<JsonElement, string?> status) => Results.Json(new
    {
        statuses = delivery.Json.GetProperty("entries").EnumerateArray().Select(e => (Id: e.GetProperty("entryId").GetString(), Status: status(e))).Where(e => e.Status != "nothing")
            .Select(e => new { entryId = e.Id, status = e.Status }).ToArray(),
    });

    private protected async Task PublishAsync(string topic, params string[] bodies)
    {
        using var client = (await fixture.RunningAsync()).Client();
        var entries = string.Join(',', bodies.Select((b, i) => $$"""{"entryId":"{{i}}","event":{{b}},"contentType":"application/json"}"""));
        using var answer = await client.PostAsync($"/v1.0/publish/bulk/broker/{topic}", Running.Json($"[{entries}]"), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }
}

public sealed class EmbeddedBulkSubscribeTests(EmbeddedBlocksFixture fixture) : BulkSubscribeSuite(fixture)
{
    private readonly EmbeddedBlocksFixture _fixture = fixture;

    /// <summary>Here alone: of a bulk message that is to be retried, daprd's Redis brings none again within the time of a test.</summary>
    [Fact]
    public async Task Deliver_RetryWithoutDeadLetters_ComesAgain()
    {
        var dapr = await _fixture.RunningAsync();
        var tries = 0;
        dapr.Alpha.Answer("bulk-again", d => AllSay(d, Interlocked.Increment(ref tries) == 1 ? "RETRY" : "SUCCESS"));
        await PublishAsync("bulk-again", "1");
        var first = await dapr.Alpha.NextAsync("bulk-again", TestContext.Current.CancellationToken);
        var second = await dapr.Alpha.NextAsync("bulk-again", TestContext.Current.CancellationToken);
        Assert.Equal(EventId(first), EventId(second));
    }
}

[Trait("Category", "Engines")]
public sealed class DaprdBulkSubscribeTests(DaprdBlocksFixture fixture) : BulkSubscribeSuite(fixture);
