using System.Text.Json;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;

namespace EdgeMesh.Sidecar.Tests.Actors;

public sealed class ActorConfigTests
{
    [Fact]
    public void Read_Everything_IsKeptWithExceptionsPerType()
    {
        var types = Read("""
            {
              "entities": ["a", "b", "a"], "actorIdleTimeout": "1h5m", "actorScanInterval": "30s", "drainOngoingCallTimeout": "10s", "drainRebalancedActors": false,
              "reentrancy": { "enabled": true, "maxStackDepth": 7 }, "remindersStoragePartitions": 3,
              "entitiesConfig": [{ "entities": ["b", "unknown"], "actorIdleTimeout": "2s", "reentrancy": { "enabled": false } }]
            }
            """, out var faults);

        Assert.Empty(faults);
        Assert.Equal(["a", "b"], types.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(new ActorSettings { IdleTimeout = TimeSpan.FromMinutes(65), DrainTimeout = TimeSpan.FromSeconds(10), DrainMoved = false, Reentrant = true, MaxStackDepth = 7 }, types["a"]);
        Assert.Equal(types["a"] with { IdleTimeout = TimeSpan.FromSeconds(2), Reentrant = false }, types["b"]);
    }

    [Fact]
    public void Read_TypesAlone_HaveDaprsDefaults()
    {
        var settings = Read("""{"entities":["a"]}""", out _)["a"];
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromSeconds(60), true, false, 32), (settings.IdleTimeout, settings.DrainTimeout, settings.DrainMoved, settings.Reentrant, settings.MaxStackDepth));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"entities":null}""")]
    [InlineData("""{"entities":"a"}""")]
    public void Read_NoTypes_IsNone(string config)
    {
        Assert.Empty(Read(config, out var faults));
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData("""{"entities":["a"],"actorIdleTimeout":"frob"}""", "actorIdleTimeout")]
    [InlineData("""{"entities":["a"],"drainOngoingCallTimeout":"-1s"}""", "drainOngoingCallTimeout")]
    [InlineData("""{"entities":["a"],"entitiesConfig":[{"entities":["a"],"actorIdleTimeout":"x"}]}""", "actorIdleTimeout")]
    public void Read_ADurationThatIsNone_HostsNothingAndNamesIt(string config, string name)
    {
        Assert.Empty(Read(config, out var faults));
        Assert.Contains(name, Assert.Single(faults), StringComparison.Ordinal);
    }

    private static IReadOnlyDictionary<string, ActorSettings> Read(string config, out List<string> faults) =>
        ActorConfig.Read(JsonDocument.Parse(config).RootElement, faults = []);
}
