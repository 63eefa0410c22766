using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Actors' state. Each test has an actor of its own, active when it begins.</summary>
public abstract class ActorStateSuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("\"text\"")]
    [InlineData("[1,null]")]
    [InlineData("null")]
    [InlineData("0")]
    public async Task Upsert_AnyJson_IsReadAsItWas(string value)
    {
        using var client = await ActiveAsync("json");
        Assert.Equal(HttpStatusCode.NoContent, await TransactAsync(client, "json", $$$"""[{"operation":"upsert","request":{"key":"k","value":{{{value}}}}}]"""));
        using var got = await client.GetAsync("/v1.0/actors/plain/json/state/k", Cancellation);
        Assert.Equal((HttpStatusCode.OK, value), (got.StatusCode, await got.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal("application/json", got.Content.Headers.ContentType?.MediaType);
        Assert.False(got.Headers.Contains("Metadata.ttlExpireTime"));
    }

    [Fact]
    public async Task Get_KeyThatIsNotThere_Is204()
    {
        using var client = await ActiveAsync("none");
        using var got = await client.GetAsync("/v1.0/actors/plain/none/state/k", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, got.StatusCode);
    }

    [Fact]
    public async Task Get_OfAnActorThatIsNotActive_IsAllowed()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var got = await client.GetAsync("/v1.0/actors/plain/never-called/state/k", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, got.StatusCode);
    }

    [Theory]
    [InlineData("plain", "alpha")]
    [InlineData("nosuch", "alpha")]
    [InlineData("plain", "beta")]
    public async Task Transact_WhereTheActorIsNotActive_IsInstanceMissing(string type, string app)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client(app);
        using var answer = await client.PostAsync($"/v1.0/actors/{type}/not-active/state", Running.Json("""[{"operation":"upsert","request":{"key":"k","value":1}}]"""), Cancellation);
        Assert.Equal((HttpStatusCode.BadRequest, "ERR_ACTOR_INSTANCE_MISSING"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Transact_SeveralOperations_AreDoneInOrder(string verb)
    {
        using var client = await ActiveAsync("several");
        const string operations = """
            [{"operation":"upsert","request":{"key":"a","value":1}},{"operation":"upsert","request":{"key":"b","value":2}},
             {"operation":"delete","request":{"key":"a"}},{"operation":"delete","request":{"key":"was-not-there"}}]
            """;
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0/actors/plain/several/state") { Content = Running.Json(operations) };
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        using var deleted = await client.GetAsync("/v1.0/actors/plain/several/state/a", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("2", await client.GetStringAsync("/v1.0/actors/plain/several/state/b", Cancellation));
    }

    [Theory]
    [InlineData("""[{"operation":"frob","request":{"key":"k"}}]""")]
    [InlineData("""[{"operation":"upsert","request":{"key":"","value":1}}]""")]
    [InlineData("""[{"operation":"delete","request":{"key":""}}]""")]
    [InlineData("""[{"operation":"upsert"}]""")]
    [InlineData("""[{"operation":"upsert","request":{"key":"k","value":1,"etag":"stale"}}]""")]
    [InlineData("""[{"operation":"upsert","request":{"key":"k","value":1,"metadata":{"ttlInSeconds":"x"}}}]""")]
    [InlineData("""[{"operation":"upsert","request":{"key":"k","value":1,"metadata":{"ttlInSeconds":"-5"}}}]""")]
    public async Task Transact_ThatCanNotBe_Is500AndLeavesNothing(string operations)
    {
        using var client = await ActiveAsync("wrong");
        var with = operations[..1] + """{"operation":"upsert","request":{"key":"beside","value":1}},""" + operations[1..];
        using var answer = await client.PostAsync("/v1.0/actors/plain/wrong/state", Running.Json(with), Cancellation);
        Assert.Equal((HttpStatusCode.InternalServerError, "ERR_ACTOR_STATE_TRANSACTION_SAVE"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
        using var beside = await client.GetAsync("/v1.0/actors/plain/wrong/state/beside", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, beside.StatusCode);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task Transact_NoArray_Is400(string body)
    {
        using var client = await ActiveAsync("malformed");
        using var answer = await client.PostAsync("/v1.0/actors/plain/malformed/state", Running.Json(body), Cancellation);
        Assert.Equal((HttpStatusCode.BadRequest, "ERR_MALFORMED_REQUEST"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Transact_Nothing_IsDone()
    {
        using var client = await ActiveAsync("nothing");
        Assert.Equal(HttpStatusCode.NoContent, await TransactAsync(client, "nothing", "[]"));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("")]
    public async Task TimeToLive_NoneOrZero_StaysForEver(string ttl)
    {
        using var client = await ActiveAsync("for-ever");
        Assert.Equal(HttpStatusCode.NoContent, await TransactAsync(client, "for-ever", $$$$"""[{"operation":"upsert","request":{"key":"k","value":1,"metadata":{"ttlInSeconds":"{{{{ttl}}}}"}}}]"""));
        using var got = await client.GetAsync("/v1.0/actors/plain/for-ever/state/k", Cancellation);
        Assert.Equal(HttpStatusCode.OK, got.StatusCode);
        Assert.False(got.Headers.Contains("Metadata.ttlExpireTime"));
    }

    [Fact]
    public async Task TimeToLive_Seconds_IsToldAndKept()
    {
        using var client = await ActiveAsync("lives");
        Assert.Equal(HttpStatusCode.NoContent, await TransactAsync(client, "lives", """
            [{"operation":"upsert","request":{"key":"long","value":1,"metadata":{"ttlInSeconds":"1000"}}},{"operation":"upsert","request":{"key":"short","value":1,"metadata":{"ttlInSeconds":"1"}}}]
            """));
        using var got = await client.GetAsync("/v1.0/actors/plain/lives/state/long", Cancellation);
        var expires = DateTimeOffset.Parse(got.Headers.GetValues("Metadata.ttlExpireTime").Single(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(expires - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(900), TimeSpan.FromSeconds(1001));
        await Eventually.HoldsAsync(async () => (await client.GetAsync("/v1.0/actors/plain/lives/state/short", Cancellation)).StatusCode == HttpStatusCode.NoContent, Cancellation);
    }

    [Theory]
    [InlineData("k||x")]
    [InlineData("k/x")]
    [InlineData("k x")]
    public async Task Key_OfAnySigns_IsItsOwn(string key)
    {
        using var client = await ActiveAsync("keys");
        Assert.Equal(HttpStatusCode.NoContent, await TransactAsync(client, "keys", $$$"""[{"operation":"upsert","request":{"key":"{{{key}}}","value":"{{{key}}}"}}]"""));
        Assert.Equal($"\"{key}\"", await client.GetStringAsync($"/v1.0/actors/plain/keys/state/{Uri.EscapeDataString(key)}", Cancellation));
    }

    [Fact]
    public async Task Grpc_BytesAndTimeToLive_ComeBackAndByHttpToo()
    {
        using var client = await ActiveAsync("grpc-state");
        var grpc = (await fixture.RunningAsync()).Grpc();
        var bytes = ByteString.CopyFrom(0, 255, 7);
        await grpc.ExecuteActorStateTransactionAsync(new()
        {
            ActorType = "plain",
            ActorId = "grpc-state",
            Operations = { new TransactionalActorStateOperation { OperationType = "upsert", Key = "k", Value = new Any { Value = bytes }, Metadata = { ["ttlInSeconds"] = "1000" } } },
        }, Running.Token, cancellationToken: Cancellation);

        var got = await grpc.GetActorStateAsync(new() { ActorType = "plain", ActorId = "grpc-state", Key = "k" }, Running.Token, cancellationToken: Cancellation);

        Assert.Equal(bytes, got.Data);
        Assert.Contains("ttlExpireTime", got.Metadata.Keys);
        Assert.Equal([0, 255, 7], await client.GetByteArrayAsync("/v1.0/actors/plain/grpc-state/state/k", Cancellation));
        var none = await grpc.GetActorStateAsync(new() { ActorType = "plain", ActorId = "grpc-state", Key = "none" }, Running.Token, cancellationToken: Cancellation);
        Assert.True(none.Data.IsEmpty);
    }

    [Theory]
    [InlineData("grpc-wrong", "frob", StatusCode.Unimplemented)]
    [InlineData("not-active", "upsert", StatusCode.Internal)]
    public async Task Grpc_TransactionThatCanNotBe_HasDaprsStatus(string id, string operation, StatusCode expected)
    {
        using var client = await ActiveAsync("grpc-wrong");
        var grpc = (await fixture.RunningAsync()).Grpc();
        var request = new ExecuteActorStateTransactionRequest { ActorType = "plain", ActorId = id, Operations = { new TransactionalActorStateOperation { OperationType = operation, Key = "k" } } };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.ExecuteActorStateTransactionAsync(request, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(expected, error.StatusCode);
    }

    private async Task<HttpClient> ActiveAsync(string id)
    {
        var dapr = await fixture.RunningAsync();
        var client = dapr.Client();
        using var answer = await client.PutAsync($"/v1.0/actors/plain/{id}/method/activate", null, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return client;
    }

    private static async Task<HttpStatusCode> TransactAsync(HttpClient client, string id, string operations)
    {
        using var answer = await client.PostAsync($"/v1.0/actors/plain/{id}/state", Running.Json(operations), Cancellation);
        return answer.StatusCode;
    }
}

public sealed class EmbeddedActorStateTests(EmbeddedFixture fixture) : ActorStateSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdActorStateTests(DaprdFixture fixture) : ActorStateSuite(fixture);
