using System.Net;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>A site moves between the engines with its actors' state: what one wrote the other reads, replaces and deletes.</summary>
[Trait("Category", "Engines")]
public sealed class ActorMoveTests : IDisposable
{
    private const string Actor = "/v1.0/actors/plain/mover";

    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-conformance-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task State_WrittenByOneEngine_IsTheOthersToReadReplaceAndDelete(bool daprdFirst)
    {
        await using var alpha = await TestApp.StartAsync("alpha", [], Cancellation);
        var setup = new EngineSetup(_folder, [alpha]) { ControlPlane = true };
        Resources.Write(setup);
        await using (var first = await StartAsync(daprdFirst, setup))
        {
            using var client = await ActiveAsync(first);
            Assert.Equal(HttpStatusCode.NoContent, await TransactAsync(client, """
                [{"operation":"upsert","request":{"key":"text","value":"héllo"}},{"operation":"upsert","request":{"key":"object","value":{"n":1}}},
                 {"operation":"upsert","request":{"key":"lives","value":1,"metadata":{"ttlInSeconds":"1000"}}}]
                """));
        }

        await using var second = await StartAsync(!daprdFirst, setup);
        using var other = await ActiveAsync(second);
        Assert.Equal("\"héllo\"", await other.GetStringAsync(Actor + "/state/text", Cancellation));
        Assert.Equal("""{"n":1}""", await other.GetStringAsync(Actor + "/state/object", Cancellation));
        using var lives = await other.GetAsync(Actor + "/state/lives", Cancellation);
        Assert.True(lives.Headers.Contains("Metadata.ttlExpireTime"));
        Assert.Equal(HttpStatusCode.NoContent, await TransactAsync(other, """[{"operation":"upsert","request":{"key":"text","value":2}},{"operation":"delete","request":{"key":"object"}}]"""));
        Assert.Equal("2", await other.GetStringAsync(Actor + "/state/text", Cancellation));
        using var deleted = await other.GetAsync(Actor + "/state/object", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    private static async Task<IDaprEngine> StartAsync(bool daprd, EngineSetup setup) =>
        daprd ? await DaprdEngine.StartAsync(setup, Cancellation) : await EmbeddedEngine.StartAsync(setup, Cancellation);

    private static async Task<HttpClient> ActiveAsync(IDaprEngine engine)
    {
        var client = new HttpClient { BaseAddress = engine.Http("alpha") };
        client.DefaultRequestHeaders.Add("dapr-api-token", EngineSetup.ApiToken);
        using var answer = await client.PutAsync(Actor + "/method/activate", null, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return client;
    }

    private static async Task<HttpStatusCode> TransactAsync(HttpClient client, string operations)
    {
        using var answer = await client.PostAsync(Actor + "/state", Running.Json(operations), Cancellation);
        return answer.StatusCode;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
