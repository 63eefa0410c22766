using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Both engines on one server at the same time: what one wrote the other reads, replaces by ETag and deletes.</summary>
[Trait("Category", "Engines")]
public sealed class SharedStoreTests(EmbeddedServersFixture embedded, DaprdServersFixture daprd)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Directions => new() { { "postgresql", true }, { "postgresql", false }, { "redis", true }, { "redis", false } };

    [Theory, MemberData(nameof(Directions))]
    public async Task Value_WrittenByOne_IsTheOthersToReadReplaceAndDelete(string store, bool isDaprdFirst)
    {
        var (first, second) = await EnginesAsync(isDaprdFirst);
        using HttpClient writer = first.Client(), reader = second.Client();
        var key = StateSuite.Key();
        await StateSuite.SaveAsync(writer, store, key, """{"n":[1,2],"text":"héllo"}""");
        var etag = await StateSuite.ETagAsync(writer, store, key);

        // daprd writes an object's members to Redis in any order.
        Assert.True(JsonElement.DeepEquals(
            JsonDocument.Parse("""{"n":[1,2],"text":"héllo"}""").RootElement, JsonDocument.Parse(await reader.GetStringAsync($"/v1.0/state/{store}/{key}", Cancellation)).RootElement));
        Assert.Equal(etag, await StateSuite.ETagAsync(reader, store, key));
        Assert.Equal(HttpStatusCode.NoContent, await ReplaceAsync(reader, store, key, "2", etag));
        Assert.Equal(HttpStatusCode.Conflict, await ReplaceAsync(writer, store, key, "3", etag));
        Assert.Equal("2", await writer.GetStringAsync($"/v1.0/state/{store}/{key}", Cancellation));

        Assert.Equal(HttpStatusCode.Conflict, await DeleteAsync(reader, store, key, etag));
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(reader, store, key, await StateSuite.ETagAsync(reader, store, key)));
        Assert.Equal("", await writer.GetStringAsync($"/v1.0/state/{store}/{key}", Cancellation));
    }

    [Theory, MemberData(nameof(Directions))]
    public async Task Bytes_WrittenByOneInATransaction_AreTheSameToTheOther(string store, bool isDaprdFirst)
    {
        var (first, second) = await EnginesAsync(isDaprdFirst);
        var key = StateSuite.Key();
        byte[] bytes = [0, 255, 1, 128, 34, 10, 13];
        await first.Grpc().ExecuteStateTransactionAsync(
            new ExecuteStateTransactionRequest
            {
                StoreName = store,
                Operations = { new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = key, Value = ByteString.CopyFrom(bytes) } } },
            },
            Running.Token, cancellationToken: Cancellation);

        var got = await second.Grpc().GetStateAsync(new GetStateRequest { StoreName = store, Key = key }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal(bytes, got.Data.ToByteArray());
    }

    [Theory, MemberData(nameof(Directions))]
    public async Task Ttl_GivenByOne_ExpiresForTheOther(string store, bool isDaprdFirst)
    {
        var (first, second) = await EnginesAsync(isDaprdFirst);
        using HttpClient writer = first.Client(), reader = second.Client();
        var key = StateSuite.Key();
        using var saved = await writer.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":1,"metadata":{"ttlInSeconds":"1"}}]"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        await Eventually.HoldsAsync(async () => (await reader.GetAsync($"/v1.0/state/{store}/{key}", Cancellation)).StatusCode == HttpStatusCode.NoContent, Cancellation);
    }

    private async Task<(Running First, Running Second)> EnginesAsync(bool isDaprdFirst)
    {
        var engines = await Task.WhenAll(embedded.RunningAsync(), daprd.RunningAsync());
        return isDaprdFirst ? (engines[1], engines[0]) : (engines[0], engines[1]);
    }

    private static async Task<HttpStatusCode> ReplaceAsync(HttpClient client, string store, string key, string value, string etag)
    {
        using var answer = await client.PostAsync($"/v1.0/state/{store}", Running.Json($$$"""[{"key":"{{{key}}}","value":{{{value}}},"etag":"{{{etag}}}"}]"""), Cancellation);
        return answer.StatusCode;
    }

    private static async Task<HttpStatusCode> DeleteAsync(HttpClient client, string store, string key, string etag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/v1.0/state/{store}/{key}");
        request.Headers.TryAddWithoutValidation("If-Match", etag);
        using var answer = await client.SendAsync(request, Cancellation);
        return answer.StatusCode;
    }
}
