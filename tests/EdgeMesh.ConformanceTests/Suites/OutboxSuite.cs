using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>An outbox: what a transaction writes is published, if it comes about. Also the query API, which no store here has.</summary>
public abstract class OutboxSuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>In one test: the order of unrelated events is nobody's promise, so each is told by what it holds.</summary>
    [Fact]
    public async Task Transact_Upserts_ArePublishedAndOthersAreNot()
    {
        var dapr = await fixture.RunningAsync();
        Assert.Equal(204, await TransactAsync("""{"operation":"upsert","request":{"key":"a","value":"plain"}}"""));
        Assert.Equal(204, await TransactAsync(
            """{"operation":"upsert","request":{"key":"b","value":"stored"}}""",
            """{"operation":"upsert","request":{"key":"b","value":"projected","metadata":{"outbox.projection":"true"}}}"""));
        Assert.Equal(204, await TransactAsync("""{"operation":"upsert","request":{"key":"lonely","value":"never published","metadata":{"outbox.projection":"true"}}}"""));
        Assert.Equal(500, await TransactAsync("""{"operation":"upsert","request":{"key":"a","value":"stale","etag":"nonsense","options":{"concurrency":"first-write"}}}"""));
        Assert.Equal(204, await TransactAsync("""{"operation":"delete","request":{"key":"nosuch"}}"""));
        Assert.Equal(204, await TransactAsync("""{"operation":"upsert","request":{"key":"c","value":"the last","metadata":{"kind":"special"}}}"""));

        var events = new Dictionary<string, JsonElement>();
        while (!events.ContainsKey("plain") || !events.ContainsKey("projected") || !events.ContainsKey("the last"))
        {
            var json = (await dapr.Alpha.NextAsync("outbox-events", Cancellation)).Json;
            events[json.GetProperty("data").ToString()] = json;
        }

        Assert.Equal(["plain", "projected", "the last"], events.Keys.Where(k => k != "by grpc").Order(StringComparer.Ordinal));
        var plain = events["plain"];
        Assert.Equal(("alpha", "com.dapr.event.sent", "text/plain"), (plain.GetProperty("source").GetString(), plain.GetProperty("type").GetString(), plain.GetProperty("datacontenttype").GetString()));
        Assert.Equal(("outbox-events", "broker"), (plain.GetProperty("topic").GetString(), plain.GetProperty("pubsubname").GetString()));
        Assert.StartsWith("outbox-", plain.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("special", events["the last"].GetProperty("kind").GetString());
        Assert.Equal(("\"plain\"", "\"stored\"", ""), (await GetAsync("a"), await GetAsync("b"), await GetAsync("lonely")));
    }

    [Fact]
    public async Task Transact_ByGrpcWithAContentType_IsPublishedAsThat()
    {
        var dapr = await fixture.RunningAsync();
        await dapr.Grpc().ExecuteStateTransactionAsync(
            new ExecuteStateTransactionRequest
            {
                StoreName = "store-outbox",
                Operations =
                {
                    new TransactionalStateOperation
                    {
                        OperationType = "upsert",
                        Request = new StateItem { Key = "grpc", Value = ByteString.CopyFromUtf8("by grpc"), Metadata = { ["contentType"] = "text/special" } },
                    },
                },
            },
            Running.Token, cancellationToken: Cancellation);
        Assert.Equal("by grpc", await GetAsync("grpc"));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Query_StoreWithoutQueries_Is500WithDaprsCode(string verb)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0-alpha1/state/memory/query") { Content = Running.Json("""{"filter":{}}""") };
        using var answer = await client.SendAsync(request, Cancellation);
        var fault = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement;
        Assert.Equal((HttpStatusCode.InternalServerError, "ERR_STATE_STORE_NOT_SUPPORTED", "state store does not support querying"),
            (answer.StatusCode, fault.GetProperty("errorCode").GetString(), fault.GetProperty("message").GetString()));
        Assert.Contains(fault.GetProperty("details").EnumerateArray(), d => d.TryGetProperty("reason", out var reason) && reason.GetString() == "DAPR_STATE_QUERYING_NOT_SUPPORTED");
        Assert.Contains(fault.GetProperty("details").EnumerateArray(), d => d.TryGetProperty("resource_name", out var name) && name.GetString() == "memory");
    }

    [Fact]
    public async Task Query_UnknownStoreOrStableVersion_AsDaprdAnswers()
    {
        using var client = (await fixture.RunningAsync()).Client();
        Assert.Equal((400, "ERR_STATE_STORE_NOT_FOUND", "state store nosuch is not found"), await Faults.OfAsync(client.PostAsync("/v1.0-alpha1/state/nosuch/query", Running.Json("{}"), Cancellation)));
        Assert.Equal((404, "ERR_DIRECT_INVOKE"), (await Faults.OfAsync(client.PostAsync("/v1.0/state/memory/query", Running.Json("{}"), Cancellation))) is var (status, code, _) ? (status, code) : default);
    }

    private async Task<int> TransactAsync(params string[] operations)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.PostAsync("/v1.0/state/store-outbox/transaction", Running.Json($$"""{"operations":[{{string.Join(',', operations)}}]}"""), Cancellation);
        return (int)answer.StatusCode;
    }

    private async Task<string> GetAsync(string key)
    {
        using var client = (await fixture.RunningAsync()).Client();
        return await client.GetStringAsync($"/v1.0/state/store-outbox/{key}", Cancellation);
    }
}

public sealed class EmbeddedOutboxTests(EmbeddedBlocksFixture fixture) : OutboxSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdOutboxTests(DaprdBlocksFixture fixture) : OutboxSuite(fixture);
