using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What a client of the state API can observe; run on each store that both engines have.</summary>
/// <param name="fixture">The engine.</param>
/// <param name="store">The component's name.</param>
/// <param name="traits">Where stores differ on both engines; null: as most do.</param>
public abstract class StateSuite(EngineFixture fixture, string store, StateTraits? traits = null)
{
    private readonly StateTraits _traits = traits ?? StateTraits.Usual;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    internal static string Key() => "k" + Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Get_UnknownKey_Is204WithoutETag()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync($"/v1.0/state/{store}/{Key()}", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Null(answer.Headers.ETag);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Save_TextWithHalfASurrogatePair_HasAReplacementCharacterInItsPlace()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        using var saved = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$"""[{"key":"{{key}}\ud800","value":"\\ud800 \ud83d\ude00 \udc00"}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        var value = JsonDocument.Parse(await client.GetStringAsync($"/v1.0/state/{store}/{key}%EF%BF%BD", Cancellation)).RootElement;
        Assert.Equal("\\ud800 \ud83d\ude00 \ufffd", value.GetString());
    }

    [Fact]
    public async Task Save_ThenGet_ReturnsTheJsonAndAnETag()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        using var saved = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":{"a":[1,"zwei",null]}}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        using var got = await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation);
        Assert.Equal(HttpStatusCode.OK, got.StatusCode);
        Assert.Equal("application/json", got.Content.Headers.ContentType?.MediaType);
        Assert.Equal("""{"a":[1,"zwei",null]}""", await got.Content.ReadAsStringAsync(Cancellation));
        Assert.True(got.Headers.Contains("ETag"));
    }

    [Fact]
    public async Task Save_StaleETag_Is409AndKeepsTheValue()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        await SaveAsync(client, store, key, "1");
        var etag = await ETagAsync(client, store, key);
        await SaveAsync(client, store, key, "2");
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":3,"etag":"{{{etag}}}"}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Equal("2", await client.GetStringAsync($"/v1.0/state/{store}/{key}", Cancellation));
    }

    [Fact]
    public async Task Save_CurrentETag_Replaces()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        await SaveAsync(client, store, key, "1");
        var etag = await ETagAsync(client, store, key);
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":3,"etag":"{{{etag}}}"}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("3", await client.GetStringAsync($"/v1.0/state/{store}/{key}", Cancellation));
    }

    [Fact]
    public async Task Save_FirstWriteTwice_TheSecondIsRefused()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var body = $$$"""[{"key":"{{{Key()}}}","value":1,"options":{"concurrency":"first-write"} }]""";
        using var first = await client.PostAsync($"/v1.0/state/{store}", Running.Json(body), Cancellation);
        using var second = await client.PostAsync($"/v1.0/state/{store}", Running.Json(body), Cancellation);
        Assert.Equal((HttpStatusCode.NoContent, _traits.FirstWriteOfATakenKey), (first.StatusCode, second.StatusCode));
    }

    [Fact]
    public async Task Delete_Existing_Is204AndTheKeyIsGone()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        await SaveAsync(client, store, key, "1");
        using var answer = await client.DeleteAsync($"/v1.0/state/{store}/{key}", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        using var got = await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, got.StatusCode);
    }

    [Fact]
    public async Task Delete_StaleETag_Is409()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        await SaveAsync(client, store, key, "1");
        var etag = await ETagAsync(client, store, key);
        await SaveAsync(client, store, key, "2");
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/v1.0/state/{store}/{key}");
        request.Headers.TryAddWithoutValidation("If-Match", etag);
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    [Fact]
    public async Task Transaction_UpsertAndDelete_AppliesBoth()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        string made = Key(), gone = Key();
        await SaveAsync(client, store, gone, "1");
        using var answer = await client.PostAsync($"/v1.0/state/{store}/transaction", Running.Json(
            $$$"""{"operations":[{"operation":"upsert","request":{"key":"{{{made}}}","value":"new"}},{"operation":"delete","request":{"key":"{{{gone}}}"}}]}"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("\"new\"", await client.GetStringAsync($"/v1.0/state/{store}/{made}", Cancellation));
        Assert.Equal("", await client.GetStringAsync($"/v1.0/state/{store}/{gone}", Cancellation));
    }

    [Fact]
    public async Task BulkGet_SomeUnknown_AnswersEachKey()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        string known = Key(), unknown = Key();
        await SaveAsync(client, store, known, "42");
        using var answer = await client.PostAsync($"/v1.0/state/{store}/bulk", Running.Json($$$"""{"keys":["{{{known}}}","{{{unknown}}}"],"parallelism":2}"""), Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var items = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement.EnumerateArray().ToDictionary(i => i.GetProperty("key").GetString()!);
        Assert.Equal(2, items.Count);
        Assert.Equal(42, items[known].GetProperty("data").GetInt32());
        Assert.False(items[unknown].TryGetProperty("data", out _));
    }

    [Fact]
    public async Task Save_Null_IsNothing()
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json("null"), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    [Fact]
    public async Task Save_UnknownStore_Is400WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/state/nosuch", Running.Json("""[{"key":"a","value":1}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("ERR_STATE_STORE_NOT_FOUND", await ErrorCodeAsync(answer));
    }

    [Fact]
    public async Task Get_StoreScopedToAnotherApp_IsUnknownHereAndKnownThere()
    {
        var dapr = await fixture.RunningAsync();
        using var alpha = dapr.Client("alpha");
        using var beta = dapr.Client("beta");
        using var here = await alpha.GetAsync("/v1.0/state/betas/x", Cancellation);
        using var there = await beta.GetAsync("/v1.0/state/betas/x", Cancellation);
        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.NoContent), (here.StatusCode, there.StatusCode));
    }

    [Fact]
    public async Task Save_SameKeyFromTwoApps_KeepsThemApart()
    {
        var dapr = await fixture.RunningAsync();
        using var alpha = dapr.Client("alpha");
        using var beta = dapr.Client("beta");
        var key = Key();
        await SaveAsync(alpha, store, key, "1");
        Assert.Equal("", await beta.GetStringAsync($"/v1.0/state/{store}/{key}", Cancellation));
    }

    [Fact]
    public async Task Save_KeyWithSeparator_Is400()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json("""[{"key":"a||b","value":1}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Save_NotJson_Is400Malformed()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json("{nonsense"), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("ERR_MALFORMED_REQUEST", await ErrorCodeAsync(answer));
    }

    [Fact]
    public async Task Save_Ttl_Expires()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        await SaveForAsync(client, key, seconds: 1);
        await Eventually.HoldsAsync(async () => (await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation)).StatusCode == HttpStatusCode.NoContent, Cancellation);
    }

    [Fact]
    public async Task Save_Ttl_IsToldWhereTheStoreDoes()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        await SaveForAsync(client, key, seconds: 1000);
        using var got = await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation);
        Assert.Equal((HttpStatusCode.OK, _traits.TellsExpiry), (got.StatusCode, got.Headers.Contains("metadata.ttlExpireTime")));
    }

    private async Task SaveForAsync(HttpClient client, string key, int seconds)
    {
        using var saved = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":1,"metadata":{"ttlInSeconds":"{{{seconds}}}"}}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
    }

    [Fact]
    public async Task GrpcSaveBytes_ThenGet_ReturnsTheSameBytes()
    {
        var dapr = await fixture.RunningAsync();
        var grpc = dapr.Grpc();
        var key = Key();
        byte[] bytes = [0, 255, 1, 128, 34, 10, 13];
        await grpc.SaveStateAsync(new SaveStateRequest { StoreName = store, States = { new StateItem { Key = key, Value = ByteString.CopyFrom(bytes) } } }, Running.Token, cancellationToken: Cancellation);
        var got = await grpc.GetStateAsync(new GetStateRequest { StoreName = store, Key = key }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal(bytes, got.Data.ToByteArray());
        Assert.NotEmpty(got.Etag);
    }

    [Fact]
    public async Task GrpcSave_StaleETag_IsAborted()
    {
        var dapr = await fixture.RunningAsync();
        var grpc = dapr.Grpc();
        var key = Key();
        await grpc.SaveStateAsync(Item(store, key, "1"), Running.Token, cancellationToken: Cancellation);
        var etag = (await grpc.GetStateAsync(new GetStateRequest { StoreName = store, Key = key }, Running.Token, cancellationToken: Cancellation)).Etag;
        await grpc.SaveStateAsync(Item(store, key, "2"), Running.Token, cancellationToken: Cancellation);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.SaveStateAsync(Item(store, key, "3", etag), Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Aborted, error.StatusCode);
    }

    [Fact]
    public async Task GrpcGet_UnknownStore_IsInvalidArgument()
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await dapr.Grpc().GetStateAsync(new GetStateRequest { StoreName = "nosuch", Key = "x" }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    internal static SaveStateRequest Item(string store, string key, string value, string? etag = null) => new()
    {
        StoreName = store,
        States = { new StateItem { Key = key, Value = ByteString.CopyFromUtf8(value), Etag = etag is null ? null : new Etag { Value = etag } } },
    };

    internal static async Task SaveAsync(HttpClient client, string store, string key, string value)
    {
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":{{{value}}}}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    internal static async Task<string> ETagAsync(HttpClient client, string store, string key)
    {
        using var answer = await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation);
        return answer.Headers.NonValidated["ETag"].ToString().Trim('"');
    }

    internal static async Task<string?> ErrorCodeAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("errorCode").GetString();
}

public sealed class EmbeddedMemoryStateTests(EmbeddedFixture fixture) : StateSuite(fixture, "memory");

public sealed class EmbeddedSqliteStateTests(EmbeddedFixture fixture) : StateSuite(fixture, "sqlite");

[Trait("Category", "Engines")]
public sealed class DaprdMemoryStateTests(DaprdFixture fixture) : StateSuite(fixture, "memory");

[Trait("Category", "Engines")]
public sealed class DaprdSqliteStateTests(DaprdFixture fixture) : StateSuite(fixture, "sqlite");
