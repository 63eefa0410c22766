using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What a client of the state API can observe, for each store that both engines have.</summary>
public abstract class StateSuite(EngineFixture fixture)
{
    public static TheoryData<string> Stores => new("memory", "sqlite");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Key() => "k" + Guid.NewGuid().ToString("N");

    [Theory, MemberData(nameof(Stores))]
    public async Task Get_UnknownKey_Is204WithoutETag(string store)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync($"/v1.0/state/{store}/{Key()}", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Null(answer.Headers.ETag);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_ThenGet_ReturnsTheJsonAndAnETag(string store)
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

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_StaleETag_Is409AndKeepsTheValue(string store)
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

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_CurrentETag_Replaces(string store)
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

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_FirstWriteTwice_TheSecondIs409(string store)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var body = $$$"""[{"key":"{{Key()}}","value":1,"options":{"concurrency":"first-write"}}]""";
        using var first = await client.PostAsync($"/v1.0/state/{store}", Running.Json(body), Cancellation);
        using var second = await client.PostAsync($"/v1.0/state/{store}", Running.Json(body), Cancellation);
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.Conflict), (first.StatusCode, second.StatusCode));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Delete_Existing_Is204AndTheKeyIsGone(string store)
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

    [Theory, MemberData(nameof(Stores))]
    public async Task Delete_StaleETag_Is409(string store)
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

    [Theory, MemberData(nameof(Stores))]
    public async Task Transaction_UpsertAndDelete_AppliesBoth(string store)
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
    public async Task Transaction_StaleETagOnSqlite_Is500AndWritesNothing()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        string guarded = Key(), other = Key();
        await SaveAsync(client, "sqlite", guarded, "1");
        var etag = await ETagAsync(client, "sqlite", guarded);
        await SaveAsync(client, "sqlite", guarded, "2");
        using var answer = await client.PostAsync("/v1.0/state/sqlite/transaction", Running.Json(
            $$$"""{"operations":[{"operation":"upsert","request":{"key":"{{{other}}}","value":1}},{"operation":"upsert","request":{"key":"{{{guarded}}}","value":3,"etag":"{{{etag}}}"}}]}"""), Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("ERR_STATE_TRANSACTION", await ErrorCodeAsync(answer));
        Assert.Equal("", await client.GetStringAsync($"/v1.0/state/sqlite/{other}", Cancellation));
        Assert.Equal("2", await client.GetStringAsync($"/v1.0/state/sqlite/{guarded}", Cancellation));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task BulkGet_SomeUnknown_AnswersEachKey(string store)
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
        await SaveAsync(alpha, "sqlite", key, "1");
        Assert.Equal("", await beta.GetStringAsync($"/v1.0/state/sqlite/{key}", Cancellation));
    }

    [Fact]
    public async Task Save_KeyWithSeparator_Is400()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/state/memory", Running.Json("""[{"key":"a||b","value":1}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Save_NotJson_Is400Malformed()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/state/memory", Running.Json("{nonsense"), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("ERR_MALFORMED_REQUEST", await ErrorCodeAsync(answer));
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task Save_Ttl_ExpiresAndIsToldInMetadata(string store)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var key = Key();
        using var saved = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":1,"metadata":{"ttlInSeconds":"1"}}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        using var got = await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation);
        Assert.Equal(HttpStatusCode.OK, got.StatusCode);
        Assert.True(got.Headers.Contains("metadata.ttlExpireTime"));
        await Eventually.HoldsAsync(async () => (await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation)).StatusCode == HttpStatusCode.NoContent, Cancellation);
    }

    [Theory, MemberData(nameof(Stores))]
    public async Task GrpcSaveBytes_ThenGet_ReturnsTheSameBytes(string store)
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

    [Theory, MemberData(nameof(Stores))]
    public async Task GrpcSave_StaleETag_IsAborted(string store)
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
    public async Task GrpcTransaction_StaleETagOnSqlite_IsInternalAndWritesNothing()
    {
        var dapr = await fixture.RunningAsync();
        var grpc = dapr.Grpc();
        string guarded = Key(), other = Key();
        await grpc.SaveStateAsync(Item("sqlite", guarded, "1"), Running.Token, cancellationToken: Cancellation);
        var etag = (await grpc.GetStateAsync(new GetStateRequest { StoreName = "sqlite", Key = guarded }, Running.Token, cancellationToken: Cancellation)).Etag;
        await grpc.SaveStateAsync(Item("sqlite", guarded, "2"), Running.Token, cancellationToken: Cancellation);
        var request = new ExecuteStateTransactionRequest
        {
            StoreName = "sqlite",
            Operations =
            {
                new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = other, Value = ByteString.CopyFromUtf8("1") } },
                new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = guarded, Value = ByteString.CopyFromUtf8("3"), Etag = new Etag { Value = etag } } },
            },
        };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.ExecuteStateTransactionAsync(request, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Internal, error.StatusCode);
        var left = await grpc.GetStateAsync(new GetStateRequest { StoreName = "sqlite", Key = other }, Running.Token, cancellationToken: Cancellation);
        Assert.True(left.Data.IsEmpty);
    }

    [Fact]
    public async Task GrpcGet_UnknownStore_IsInvalidArgument()
    {
        var dapr = await fixture.RunningAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await dapr.Grpc().GetStateAsync(new GetStateRequest { StoreName = "nosuch", Key = "x" }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    private static SaveStateRequest Item(string store, string key, string value, string? etag = null) => new()
    {
        StoreName = store,
        States = { new StateItem { Key = key, Value = ByteString.CopyFromUtf8(value), Etag = etag is null ? null : new Etag { Value = etag } } },
    };

    private static async Task SaveAsync(HttpClient client, string store, string key, string value)
    {
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":{{{value}}}}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private static async Task<string> ETagAsync(HttpClient client, string store, string key)
    {
        using var answer = await client.GetAsync($"/v1.0/state/{store}/{key}", Cancellation);
        return answer.Headers.NonValidated["ETag"].ToString().Trim('"');
    }

    internal static async Task<string?> ErrorCodeAsync(HttpResponseMessage answer) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("errorCode").GetString();
}

public sealed class EmbeddedStateTests(EmbeddedFixture fixture) : StateSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdStateTests(DaprdFixture fixture) : StateSuite(fixture);
