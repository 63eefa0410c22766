using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What becomes of a publication's bytes, type and metadata. Tests share the topic <c>envelopes</c>, each waits for its own event.</summary>
/// <param name="fixture">The engine.</param>
/// <param name="tellsExpiration">Whether the envelope says when a message expires: it does where the broker does not see to that.</param>
public abstract class EnvelopeSuite(EngineFixture fixture, bool tellsExpiration = true)
{
    private const string CloudEvents = "application/cloudevents+json";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_CloudEvent_KeepsItsFieldsAndLosesItsTrace()
    {
        var envelope = await RoundTripAsync("""
            {"specversion":"1.0","id":"given-1","type":"order.placed","source":"shop","subject":"7","mine":"kept","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","data":{"a":1}}
            """, CloudEvents, e => Text(e, "id") == "given-1");

        Assert.Equal(("order.placed", "shop", "7", "kept"), (Text(envelope, "type"), Text(envelope, "source"), Text(envelope, "subject"), Text(envelope, "mine")));
        Assert.DoesNotContain("0af7651916cd43dd8448eb211c80319c", envelope.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(("envelopes", "pubsub"), (Text(envelope, "topic"), Text(envelope, "pubsubname")));
    }

    [Theory]
    [InlineData("""{"id":"traced-1","traceid":"t","traceparent":"p","tracestate":"s"}""", "t p s")]
    [InlineData("""{"id":"traced-2","traceid":"t"}""", "t - a=b")]
    [InlineData("""{"id":"traced-3","traceid":""}""", " - a=b")]
    [InlineData("""{"id":"traced-4","tracestate":"s"}""", "00-11f7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 00-11f7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 s")]
    public async Task Publish_CloudEventThatNamesItsTrace_KeepsIt(string body, string expected)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/publish/pubsub/envelopes") { Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue(CloudEvents)) };
        request.Headers.Add("traceparent", "00-11f7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        request.Headers.Add("tracestate", "a=b");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);

        var envelope = await NextAsync(dapr, e => Text(e, "id") == JsonDocument.Parse(body).RootElement.GetProperty("id").GetString());
        string Told(string name) => envelope.TryGetProperty(name, out var value) ? value.GetString()! : "-";

        // The sidecar's span goes on from the publisher's.
        Assert.Equal(expected.Replace("b7ad6b7169203331", "", StringComparison.Ordinal), $"{Told("traceid")} {Told("traceparent")} {Told("tracestate")}".Replace("b7ad6b7169203331", "", StringComparison.Ordinal));
    }

    /// <summary>Each half of a surrogate pair, and each byte that is no UTF-8, is one U+FFFD.</summary>
    [Theory]
    [InlineData("text/plain", "mark-1 \u00e9", "mark-1 \ufffd")]
    [InlineData("text/plain", "mark-2 \u00e2\u0082 \u00ff", "mark-2 \ufffd\ufffd \ufffd")]
    [InlineData("application/json", "\"mark-3 \u00e2\u0082\"", "mark-3 \ufffd\ufffd")]
    [InlineData("application/json", "\"mark-4 \\ud800 \\udc00x\"", "mark-4 \ufffd \ufffdx")]
    [InlineData(CloudEvents, "{\"id\":\"half\",\"data\":\"mark-5 \\ud800\u00f0\u009f\u0098\"}", "mark-5 \ufffd\ufffd\ufffd\ufffd")]
    public async Task Publish_WhatIsNoText_HasReplacementCharactersInItsPlace(string type, string latin, string expected)
    {
        var dapr = await fixture.RunningAsync();
        using var answer = await PublishAsync(dapr, Encoding.Latin1.GetBytes(latin), type, "");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);

        var envelope = await NextAsync(dapr, e => e.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.String && data.GetString()!.StartsWith(expected[..6], StringComparison.Ordinal));

        Assert.Equal(expected, envelope.GetProperty("data").GetString());
    }

    [Fact]
    public async Task Publish_CloudEventWithANameThatIsNoText_HasReplacementCharactersInIt()
    {
        var envelope = await RoundTripAsync("""{"id":"name-1","half\ud800":1}""", CloudEvents, e => Text(e, "id") == "name-1");

        Assert.Equal(1, envelope.GetProperty("half\ufffd").GetInt32());
    }

    /// <summary>What is published raw goes to the app byte by byte, whatever is in it.</summary>
    [Fact]
    public async Task Publish_RawEventWithWhatIsNoText_ComesAsItIs()
    {
        var dapr = await fixture.RunningAsync();
        var body = Encoding.Latin1.GetBytes("{\"specversion\":\"1.0\",\"id\":\"raw-1\",\"data\":\"\\ud800 \u00e2\u0082\"}");
        using var answer = await PublishAsync(dapr, body, "application/json", "?metadata.rawPayload=true");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);

        Delivery delivery;
        do
        {
            delivery = await dapr.Alpha.NextAsync("envelopes", Cancellation);
        }
        while (!Encoding.Latin1.GetString(delivery.Body).Contains("raw-1", StringComparison.Ordinal));

        Assert.Equal(body, delivery.Body);
    }

    [Fact]
    public async Task Publish_CloudEventWithoutSourceAndType_GetsDaprsOwn()
    {
        var envelope = await RoundTripAsync("""{"id":"bare-1","data":1}""", CloudEvents, e => Text(e, "id") == "bare-1");

        Assert.Equal(("Dapr", "com.dapr.event.sent", "1.0"), (Text(envelope, "source"), Text(envelope, "type"), Text(envelope, "specversion")));
    }

    [Fact]
    public async Task Publish_CloudEventWithOverrides_IgnoresThem()
    {
        var envelope = await RoundTripAsync("""{"id":"over-1","type":"own","source":"s","specversion":"1.0","data":1}""", CloudEvents, e => Text(e, "id") == "over-1", "?metadata.cloudevent.type=other");

        Assert.Equal("own", Text(envelope, "type"));
    }

    [Theory]
    [InlineData("not json at all")]
    [InlineData("[1,2]")]
    [InlineData("{\"id\":")]
    public async Task Publish_SaysCloudEventAndIsNone_Is500WithDaprsCode(string body)
    {
        var dapr = await fixture.RunningAsync();
        using var answer = await PublishAsync(dapr, body, CloudEvents, "");

        Assert.Equal((HttpStatusCode.InternalServerError, "ERR_PUBSUB_CLOUD_EVENTS_SER"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Theory]
    [InlineData("application/json", """{"mark":"json"}""", JsonValueKind.Object)]
    [InlineData("application/json; charset=utf-8", """{"mark":"charset"}""", JsonValueKind.Object)]
    [InlineData("application/x+json", """{"mark":"suffix"}""", JsonValueKind.String)]
    [InlineData("text/plain", """{"mark":"plain"}""", JsonValueKind.String)]
    [InlineData("application/xml", """<mark>xml</mark>""", JsonValueKind.String)]
    [InlineData("application/json", """{"mark":"broken" """, JsonValueKind.String)]
    public async Task Publish_ByContentType_DataIsJsonOrText(string type, string body, JsonValueKind kind)
    {
        var mark = body.Trim('{', '}', ' ', '<', '>');
        var envelope = await RoundTripAsync(body, type, e => e.TryGetProperty("data", out var data) && data.ToString().Contains(mark, StringComparison.Ordinal) && Text(e, "datacontenttype") == type);

        Assert.Equal(kind, envelope.GetProperty("data").ValueKind);
    }

    [Fact]
    public async Task Publish_Bytes_ComeAsBase64()
    {
        var envelope = await RoundTripAsync("bytes-1", "application/octet-stream", e => e.TryGetProperty("data_base64", out _));

        Assert.Equal(Convert.ToBase64String("bytes-1"u8), Text(envelope, "data_base64"));
    }

    [Fact]
    public async Task Publish_Overrides_SetTheirFields()
    {
        var envelope = await RoundTripAsync(
            "1", "application/json", e => Text(e, "id") == "set-1", "?metadata.cloudevent.id=set-1&metadata.cloudevent.type=t&metadata.cloudevent.source=s&metadata.cloudevent.subject=j");

        Assert.Equal(("t", "s", "j"), (Text(envelope, "type"), Text(envelope, "source"), Text(envelope, "subject")));
    }

    [Fact]
    public async Task Publish_TimeToLive_AddsItsEndWhereTheBrokerDoesNotSeeToIt()
    {
        var envelope = await RoundTripAsync("1", "application/json", e => Text(e, "id") == "ttl-1", "?metadata.cloudevent.id=ttl-1&metadata.ttlInSeconds=60");

        Assert.Equal(tellsExpiration, envelope.TryGetProperty("expiration", out _));
        if (!tellsExpiration)
        {
            return;
        }

        Assert.InRange(
            DateTimeOffset.Parse(Text(envelope, "expiration"), CultureInfo.InvariantCulture) - DateTimeOffset.Parse(Text(envelope, "time"), CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds(58), TimeSpan.FromSeconds(62));
    }

    [Fact]
    public async Task Publish_Trace_IsThePublishers()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/publish/pubsub/envelopes?metadata.cloudevent.id=trace-1") { Content = Running.Json("1") };
        request.Headers.Add("traceparent", "00-11f7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var answer = await client.SendAsync(request, Cancellation);

        var envelope = await NextAsync(dapr, e => Text(e, "id") == "trace-1");

        Assert.Contains("11f7651916cd43dd8448eb211c80319c", Text(envelope, "traceparent"), StringComparison.Ordinal);
        Assert.Equal(Text(envelope, "traceparent"), Text(envelope, "traceid"));
    }

    [Fact]
    public async Task Publish_RawPayloadThatIsNoBoolean_Is400WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var answer = await PublishAsync(dapr, "1", "application/json", "?metadata.rawPayload=yes");

        Assert.Equal((HttpStatusCode.BadRequest, "ERR_PUBSUB_REQUEST_METADATA"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Publish_WithoutTopic_IsNoRoute()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/publish/pubsub/", Running.Json("1"), Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private async Task<JsonElement> RoundTripAsync(string body, string type, Func<JsonElement, bool> isIt, string query = "")
    {
        var dapr = await fixture.RunningAsync();
        using var answer = await PublishAsync(dapr, body, type, query);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        return await NextAsync(dapr, isIt);
    }

    private static Task<HttpResponseMessage> PublishAsync(Running dapr, string body, string type, string query) => PublishAsync(dapr, Encoding.UTF8.GetBytes(body), type, query);

    private static async Task<HttpResponseMessage> PublishAsync(Running dapr, byte[] body, string type, string query)
    {
        using var client = dapr.Client();
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        return await client.PostAsync($"/v1.0/publish/pubsub/envelopes{query}", content, Cancellation);
    }

    /// <summary>Tests of one class run one after the other, so what comes before the awaited event was an earlier test's.</summary>
    private static async Task<JsonElement> NextAsync(Running dapr, Func<JsonElement, bool> isIt)
    {
        while (true)
        {
            var envelope = (await dapr.Alpha.NextAsync("envelopes", Cancellation)).Json;
            if (isIt(envelope))
            {
                return envelope;
            }
        }
    }

    private static string Text(JsonElement envelope, string name) =>
        envelope.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}

public sealed class EmbeddedEnvelopeTests(EmbeddedFixture fixture) : EnvelopeSuite(fixture);

public sealed class EmbeddedSqliteEnvelopeTests(EmbeddedSqliteBrokerFixture fixture) : EnvelopeSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdEnvelopeTests(DaprdFixture fixture) : EnvelopeSuite(fixture);
