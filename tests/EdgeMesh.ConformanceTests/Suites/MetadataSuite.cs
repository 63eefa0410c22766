using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What clients add to a sidecar's description of itself.</summary>
public abstract class MetadataSuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("memory", "ETAG, TRANSACTIONAL, TTL, ACTOR")]
    [InlineData("sqlite", "ETAG, TRANSACTIONAL, TTL, ACTOR")]
    public async Task Capabilities_OfAStore_AreWhatAnAppMayUse(string store, string expected)
    {
        using var client = (await fixture.RunningAsync()).Client();
        var components = JsonDocument.Parse(await client.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement.GetProperty("components").EnumerateArray();
        var told = components.Single(c => c.GetProperty("name").GetString() == store).GetProperty("capabilities").EnumerateArray().Select(c => c.GetString());

        // Those that daprd has for its workflows alone.
        Assert.Equal(expected, string.Join(", ", told.Except(["KEYS_LIKE", "DELETE_WITH_PREFIX"])));
    }

    /// <summary>Go leaves out a number that is nothing.</summary>
    [Fact]
    public async Task Actors_OfATypeThatHasNoneActive_AreToldWithoutANumber()
    {
        using var client = (await fixture.RunningAsync()).Client();
        var actors = JsonDocument.Parse(await client.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement.GetProperty("actors").EnumerateArray();
        Assert.NotEmpty(actors);
        Assert.All(actors, a => Assert.True(!a.TryGetProperty("count", out var count) || count.GetInt32() > 0));
    }

    [Fact]
    public async Task Set_ByHttp_IsToldByBoth_UntilItIsSetAnew()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        foreach (var value in new[] { "first", "then \"this\"" })
        {
            using var set = await client.PutAsync("/v1.0/metadata/by-http", new StringContent(value), Cancellation);
            Assert.Equal(204, (int)set.StatusCode);
            Assert.Equal((value, value), await ToldAsync(dapr, client, "by-http"));
        }
    }

    [Fact]
    public async Task Set_ByGrpc_IsToldByBoth_UntilItIsSetAnew()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        foreach (var value in new[] { "first", "" })
        {
            await dapr.Grpc().SetMetadataAsync(new SetMetadataRequest { Key = "by-grpc", Value = value }, Running.Token, cancellationToken: Cancellation);
            Assert.Equal((value, value), await ToldAsync(dapr, client, "by-grpc"));
        }
    }

    [Fact]
    public async Task Set_OfOneApp_IsNotAnothers()
    {
        var dapr = await fixture.RunningAsync();
        await dapr.Grpc().SetMetadataAsync(new SetMetadataRequest { Key = "of-alpha", Value = "v" }, Running.Token, cancellationToken: Cancellation);
        Assert.DoesNotContain("of-alpha", (await dapr.Grpc("beta").GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation)).ExtendedMetadata.Keys);
    }

    private static async Task<(string? Http, string? Grpc)> ToldAsync(Running dapr, HttpClient client, string key)
    {
        var http = JsonDocument.Parse(await client.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement.GetProperty("extended").GetProperty(key).GetString();
        var grpc = (await dapr.Grpc().GetMetadataAsync(new GetMetadataRequest(), Running.Token, cancellationToken: Cancellation)).ExtendedMetadata[key];
        return (http, grpc);
    }
}

public sealed class EmbeddedMetadataTests(EmbeddedFixture fixture) : MetadataSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdMetadataTests(DaprdFixture fixture) : MetadataSuite(fixture);
