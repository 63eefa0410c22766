using System.Net;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What becomes of a message that the app does not simply take, and which route a message takes. Each test has a topic of its own,
/// whose dead letters go to a topic of its own.</summary>
public abstract class DeliverySuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("d-drop", "drop")]
    [InlineData("d-retry", "RETRY")]
    [InlineData("d-unknown", "PERHAPS")]
    [InlineData("d-lower", "success")]
    public async Task Deliver_StatusThatIsNoSuccess_GoesToDeadLettersAtOnce(string topic, string status)
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer(topic, _ => Results.Json(new { status }));

        await PublishAsync(dapr, topic, "1");

        await dapr.Alpha.NextAsync(topic, Cancellation);
        await dapr.Alpha.NextAsync($"{topic}-dead", Cancellation);
        Assert.False(dapr.Alpha.HasDelivery(topic));
    }

    [Theory]
    [InlineData("d-404", 404)]
    [InlineData("d-500", 500)]
    public async Task Deliver_ErrorStatus_GoesToDeadLettersAtOnce(string topic, int code)
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer(topic, _ => Results.StatusCode(code));

        await PublishAsync(dapr, topic, "1");

        await dapr.Alpha.NextAsync(topic, Cancellation);
        await dapr.Alpha.NextAsync($"{topic}-dead", Cancellation);
    }

    [Fact]
    public async Task Deliver_SuccessOrNothingThatSaysOtherwise_IsDone()
    {
        var dapr = await fixture.RunningAsync();
        var answers = new Queue<IResult>([Results.Text("""{"Status":"SUCCESS"}""", "application/json"), Results.Ok(), Results.Text("not json"), Results.Json(new { status = "" })]);
        dapr.Alpha.Answer("d-success", _ => answers.Dequeue());

        for (var i = 0; i < 4; i++)
        {
            await PublishAsync(dapr, "d-success", "1");
            await dapr.Alpha.NextAsync("d-success", Cancellation);
        }

        await PublishAsync(dapr, "d-success-dead", "\"the only one\"");
        Assert.Equal("the only one", (await dapr.Alpha.NextAsync("d-success-dead", Cancellation)).Json.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Deliver_RawMessageOnAPlainSubscription_GoesToDeadLetters()
    {
        var dapr = await fixture.RunningAsync();

        await PublishAsync(dapr, "d-noevent", "plainly no event", "?metadata.rawPayload=true");

        await dapr.Alpha.NextAsync("d-noevent-dead", Cancellation);
        Assert.False(dapr.Alpha.HasDelivery("d-noevent"));
    }

    [Fact]
    public async Task Route_ConditionOnAFieldThatIsNotThere_GoesToDeadLettersAndNotToTheDefault()
    {
        var dapr = await fixture.RunningAsync();

        await PublishAsync(dapr, "d-cel", """{"other":1}""");

        await dapr.Alpha.NextAsync("d-cel-dead", Cancellation);
        Assert.False(dapr.Alpha.HasDelivery("d-cel"));
    }

    [Fact]
    public async Task Route_BothRouteAndDefault_TheDefaultTakesIt()
    {
        var dapr = await fixture.RunningAsync();
        await PublishAsync(dapr, "d-default", "1");
        await dapr.Alpha.NextAsync("d-default-inner", Cancellation);
    }

    [Fact]
    public async Task Route_TopicSubscribedTwice_TheLaterTakesIt()
    {
        var dapr = await fixture.RunningAsync();
        await PublishAsync(dapr, "d-twice", "1");
        await dapr.Alpha.NextAsync("d-twice-later", Cancellation);
        Assert.False(dapr.Alpha.HasDelivery("d-twice-earlier"));
    }

    [Fact]
    public async Task BulkPublish_OverHttp_EveryEntryArrives()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/publish/bulk/pubsub/d-bulk", Running.Json("""
            [{"entryId":"a","event":{"n":1},"contentType":"application/json"},{"entryId":"b","event":"text","contentType":"text/plain"}]
            """), Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var got = new[] { await dapr.Alpha.NextAsync("d-bulk", Cancellation), await dapr.Alpha.NextAsync("d-bulk", Cancellation) };
        Assert.Equal(["text", "{\"n\":1}"], got.Select(d => d.Json.GetProperty("data").ToString()).Order(StringComparer.Ordinal));
    }

    /// <summary>Go reads null as a list of nothing; and an entry does not say for itself whether it is raw.</summary>
    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""[{"entryId":"a","event":"a","contentType":"text/plain","metadata":{"rawPayload":"maybe"}}]""")]
    public async Task BulkPublish_NothingAndEntriesWithOddMetadata_Are204(string body)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/publish/bulk/pubsub/d-bulk-odd", Running.Json(body), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Theory]
    [InlineData("""[{"entryId":"a","event":1,"contentType":"application/json"},{"entryId":"a","event":2,"contentType":"application/json"}]""")]
    [InlineData("""[{"event":1,"contentType":"application/json"}]""")]
    [InlineData("""{"not":"a list"}""")]
    public async Task BulkPublish_EntriesThatCanNotBeTold_Are400WithDaprsCode(string body)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/publish/bulk/pubsub/d-bulk-bad", Running.Json(body), Cancellation);

        Assert.Equal((HttpStatusCode.BadRequest, "ERR_PUBSUB_EVENTS_SER"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task BulkPublish_OverGrpc_EveryEntryArrives()
    {
        var dapr = await fixture.RunningAsync();
        var answer = await dapr.Grpc().BulkPublishEventAsync(
            new BulkPublishRequest
            {
                PubsubName = "pubsub", Topic = "d-bulk-grpc",
                Entries = { new BulkPublishRequestEntry { EntryId = "1", Event = ByteString.CopyFromUtf8("{\"n\":1}"), ContentType = "application/json" } },
            },
            Running.Token, cancellationToken: Cancellation);

        Assert.Empty(answer.FailedEntries);
        Assert.Equal(1, (await dapr.Alpha.NextAsync("d-bulk-grpc", Cancellation)).Json.GetProperty("data").GetProperty("n").GetInt32());
    }

    private protected static async Task PublishAsync(Running dapr, string topic, string body, string query = "")
    {
        using var client = dapr.Client();
        using var answer = await client.PostAsync($"/v1.0/publish/pubsub/{topic}{query}", Running.Json(body), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }
}

public sealed class EmbeddedDeliveryTests(EmbeddedFixture fixture) : DeliverySuite(fixture)
{
    private readonly EmbeddedFixture _fixture = fixture;

    /// <summary>Here alone: daprd's <c>pubsub.in-memory</c> forgets what the app did not take (docs/dapr-compatibility.md).</summary>
    [Fact]
    public async Task Deliver_RetryWithoutDeadLetters_ComesAgain()
    {
        var (dapr, tries) = (await _fixture.RunningAsync(), 0);
        dapr.Alpha.Answer("d-again", _ => Interlocked.Increment(ref tries) < 3 ? Results.StatusCode(500) : Results.Ok());

        await PublishAsync(dapr, "d-again", "\"again\"");

        for (var i = 0; i < 3; i++)
        {
            Assert.Contains("again", Encoding.UTF8.GetString((await dapr.Alpha.NextAsync("d-again", TestContext.Current.CancellationToken)).Body), StringComparison.Ordinal);
        }
    }
}

public sealed class EmbeddedSqliteDeliveryTests(EmbeddedSqliteBrokerFixture fixture) : DeliverySuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdDeliveryTests(DaprdFixture fixture) : DeliverySuite(fixture);
