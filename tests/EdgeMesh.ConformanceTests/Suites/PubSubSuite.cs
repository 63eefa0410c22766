using System.Net;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What publisher and subscriber can observe. Each test has a topic of its own, so they run beside each other.</summary>
public abstract class PubSubSuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_Json_ArrivesInACloudEvent()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var published = await client.PostAsync("/v1.0/publish/pubsub/plain", Running.Json("""{"n":1}"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, published.StatusCode);
        var delivery = await dapr.Alpha.NextAsync("plain", Cancellation);
        var envelope = delivery.Json;
        Assert.StartsWith("application/cloudevents+json", delivery.ContentType, StringComparison.Ordinal);
        Assert.Equal(
            ("1.0", "com.dapr.event.sent", "alpha", "plain", "pubsub", "application/json"),
            (Text(envelope, "specversion"), Text(envelope, "type"), Text(envelope, "source"), Text(envelope, "topic"), Text(envelope, "pubsubname"), Text(envelope, "datacontenttype")));
        Assert.Equal(1, envelope.GetProperty("data").GetProperty("n").GetInt32());
        Assert.NotEmpty(Text(envelope, "id"));
        Assert.NotEmpty(Text(envelope, "time"));
    }

    /// <summary>By a resource of v2alpha1 and one of v1alpha1.</summary>
    [Theory]
    [InlineData("declared")]
    [InlineData("declared-earlier")]
    public async Task Publish_ToADeclaredSubscription_Arrives(string topic)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var text = new StringContent("hello", Encoding.UTF8, "text/plain");
        await client.PostAsync($"/v1.0/publish/pubsub/{topic}", text, Cancellation);
        var envelope = (await dapr.Alpha.NextAsync(topic, Cancellation)).Json;
        Assert.Equal("hello", Text(envelope, "data"));
    }

    [Fact]
    public async Task GrpcPublish_ToARawSubscription_ArrivesAsBase64()
    {
        var dapr = await fixture.RunningAsync();
        await dapr.Grpc().PublishEventAsync(
            new PublishEventRequest { PubsubName = "pubsub", Topic = "raw", Data = ByteString.CopyFrom(1, 2, 255), DataContentType = "application/octet-stream", Metadata = { ["rawPayload"] = "true" } },
            Running.Token, cancellationToken: Cancellation);
        var envelope = (await dapr.Alpha.NextAsync("raw", Cancellation)).Json;
        Assert.Equal("AQL/", Text(envelope, "data_base64"));
    }

    [Fact]
    public async Task Deliver_AppSaysDropWithADeadLetterTopic_GoesThere()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("dropped", _ => Results.Json(new { status = "DROP" }));
        using var client = dapr.Client();
        await client.PostAsync("/v1.0/publish/pubsub/dropped", Running.Json("\"poison\""), Cancellation);
        await dapr.Alpha.NextAsync("dropped", Cancellation);
        var dead = await dapr.Alpha.NextAsync("dead", Cancellation);
        Assert.Contains("poison", Encoding.UTF8.GetString(dead.Body), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliver_RoutingRules_TakeTheFirstThatMatches()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var typed = new StringContent("""{"specversion":"1.0","type":"order.v2","source":"shop","id":"1","datacontenttype":"application/json","data":{"kind":"big"}}""", Encoding.UTF8);
        typed.Headers.ContentType = new("application/cloudevents+json");
        await client.PostAsync("/v1.0/publish/pubsub/routed", typed, Cancellation);
        await client.PostAsync("/v1.0/publish/pubsub/routed", Running.Json("""{"kind":"big"}"""), Cancellation);
        await client.PostAsync("/v1.0/publish/pubsub/routed", Running.Json("""{"kind":"small"}"""), Cancellation);
        Assert.Equal("order.v2", Text((await dapr.Alpha.NextAsync("routed-v2", Cancellation)).Json, "type"));
        Assert.Equal("big", (await dapr.Alpha.NextAsync("routed-big", Cancellation)).Json.GetProperty("data").GetProperty("kind").GetString());
        Assert.Equal("small", (await dapr.Alpha.NextAsync("routed-default", Cancellation)).Json.GetProperty("data").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Publish_UnknownComponent_Is404WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/publish/nosuch/t", Running.Json("1"), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("ERR_PUBSUB_NOT_FOUND", await StateSuite.ErrorCodeAsync(answer));
    }

    private static string Text(JsonElement envelope, string name) => envelope.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}

public sealed class EmbeddedPubSubTests(EmbeddedFixture fixture) : PubSubSuite(fixture);

public sealed class EmbeddedSqlitePubSubTests(EmbeddedSqliteBrokerFixture fixture) : PubSubSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdPubSubTests(DaprdFixture fixture) : PubSubSuite(fixture);
