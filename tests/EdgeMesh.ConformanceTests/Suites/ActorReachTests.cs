using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>An embedded sidecar and a real daprd that call each other's apps know nothing of each other's actors.</summary>
[Trait("Category", "Engines")]
public sealed class ActorReachTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-conformance-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_OfAnActorThatTheOtherEngineHosts_IsRefusedByItsName()
    {
        await using var alpha = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var foreign = await TestApp.StartAsync(ActorTypes.ForeignApp, [], Cancellation);
        var setup = new EngineSetup(_folder, [alpha, foreign]);
        Resources.Write(setup);
        var names = await DaprdEngine.WriteConfigurationAsync(setup, Cancellation);
        await using var engine = await SplitEngine.StartAsync(setup, async (at, one) => at == 0
            ? await DaprdEngine.StartAsync(one with { ControlPlane = true }, Cancellation)
            : await EmbeddedEngine.StartAsync(one, Cancellation, names));
        var dapr = new Running(engine, alpha, foreign);
        await Task.WhenAll(
            RefusesAsync(dapr, ActorTypes.ForeignApp, other: "alpha", own: ActorTypes.Foreign, others: ActorTypes.Plain),
            RefusesAsync(dapr, "alpha", other: ActorTypes.ForeignApp, own: ActorTypes.Plain, others: ActorTypes.Foreign));
    }

    private static async Task RefusesAsync(Running dapr, string caller, string other, string own, string others)
    {
        using var client = dapr.Client(caller);
        using var called = await client.GetAsync($"/v1.0/invoke/{other}/method/status/200", Cancellation);
        Assert.Equal(200, (int)called.StatusCode);
        using var hosted = await client.PutAsync($"/v1.0/actors/{own}/1/method/m", null, Cancellation);
        Assert.Equal(200, (int)hosted.StatusCode);
        var fault = await Faults.OfAsync(client.PutAsync($"/v1.0/actors/{others}/1/method/m", null, Cancellation));
        Assert.Equal((500, "ERR_ACTOR_INVOKE_METHOD"), (fault.Status, fault.Code));
        Assert.EndsWith($"did not find address for actor '{others}/1'", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
