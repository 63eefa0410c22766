using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>What clients add to a sidecar's description of itself.</summary>
public abstract class MetadataSuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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
