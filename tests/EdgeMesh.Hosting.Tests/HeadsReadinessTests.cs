namespace EdgeMesh.Hosting.Tests;

public sealed class HeadsReadinessTests
{
    [Theory]
    [InlineData("state.sqlite", "v1")]
    [InlineData("state.postgresql", "v2")]
    [InlineData("state.in-memory", "v1")]
    public void Heads_OnAStoreWithAllOrNothingTransactions_Fit(string type, string version) =>
        Assert.Null(ReadinessChecks.Refusal(Metadata("heads", type, version)));

    [Theory]
    [InlineData("state.redis", "v1")]
    [InlineData("state.cassandra", "v1")]
    [InlineData("state.postgresql", "v1")]
    public void Heads_OnAnyOther_AreRefusedByNameAndTold(string type, string version)
    {
        var refusal = ReadinessChecks.Refusal(Metadata("heads", type, version));

        Assert.Contains($"'heads' is {type}/{version}", refusal, StringComparison.Ordinal);
        Assert.Contains("state.postgresql/v2", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":"records"}""")]
    [InlineData("""{"components":null}""")]
    public void Metadata_WithoutComponents_RefusesNothing(string metadata) => Assert.Null(ReadinessChecks.Refusal(metadata));

    [Fact]
    public void OtherStores_MayBeOfAnyType() => Assert.Null(ReadinessChecks.Refusal(Metadata("bodies", "state.cassandra", "v1")));

    private static string Metadata(string name, string type, string version) =>
        $$"""{"id":"records","components":[{"name":"events","type":"pubsub.kafka","version":"v1"},{"name":"{{name}}","type":"{{type}}","version":"{{version}}"}]}""";
}
