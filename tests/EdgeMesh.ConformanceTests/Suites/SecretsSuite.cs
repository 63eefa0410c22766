using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Secrets and metadata.</summary>
public abstract class SecretsSuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("files", "greeting", """{"greeting":"hello"}""")]
    [InlineData("files", "nested:inner", """{"nested:inner":"deep"}""")]
    [InlineData("environment", "CONFORMANCE_SECRET", """{"CONFORMANCE_SECRET":"from-the-environment"}""")]
    public async Task Get_Known_IsItsKeyAndValue(string store, string name, string expected)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        Assert.Equal(expected, (await client.GetStringAsync($"/v1.0/secrets/{store}/{name}", Cancellation)).TrimEnd());
    }

    [Fact]
    public async Task Get_UnknownStore_Is401WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync("/v1.0/secrets/nosuch/x", Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("ERR_SECRET_STORE_NOT_FOUND", await StateSuite.ErrorCodeAsync(answer));
    }

    [Fact]
    public async Task Get_UnknownSecret_Is500WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.GetAsync("/v1.0/secrets/files/nosuch", Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("ERR_SECRET_GET", await StateSuite.ErrorCodeAsync(answer));
    }

    [Fact]
    public async Task Bulk_Files_HasEverySecret()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var all = JsonDocument.Parse(await client.GetStringAsync("/v1.0/secrets/files/bulk", Cancellation)).RootElement;
        Assert.Equal("hello", all.GetProperty("greeting").GetProperty("greeting").GetString());
        Assert.Equal("deep", all.GetProperty("nested:inner").GetProperty("nested:inner").GetString());
    }

    [Fact]
    public async Task GrpcGet_KnownAndUnknownStore_ValueAndInvalidArgument()
    {
        var dapr = await fixture.RunningAsync();
        var grpc = dapr.Grpc();
        var got = await grpc.GetSecretAsync(new GetSecretRequest { StoreName = "files", Key = "greeting" }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("hello", got.Data["greeting"]);
        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.GetSecretAsync(new GetSecretRequest { StoreName = "nosuch", Key = "x" }, Running.Token, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    [Fact]
    public async Task Metadata_NamesAppComponentsAndSubscriptions()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var metadata = JsonDocument.Parse(await client.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement;
        Assert.Equal("alpha", metadata.GetProperty("id").GetString());
        var components = metadata.GetProperty("components").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("type").GetString());
        Assert.Equal("state.sqlite", components["sqlite"]);
        Assert.False(components.ContainsKey("betas"));
        var topics = metadata.GetProperty("subscriptions").EnumerateArray().Select(s => s.GetProperty("topic").GetString()).ToHashSet();
        Assert.Superset(new HashSet<string?> { "plain", "declared", "routed" }, topics);
    }
}

public sealed class EmbeddedSecretsTests(EmbeddedFixture fixture) : SecretsSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdSecretsTests(DaprdFixture fixture) : SecretsSuite(fixture);
