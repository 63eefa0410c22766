using EdgeMesh.Testing;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>Two sites of one mesh, each with a link to the other.</summary>
public sealed class TwoSites : IAsyncLifetime
{
    internal TestIssuer Issuer { get; } = new();

    internal TestMeshAuthority Authority { get; } = new();

    internal GatewaySite A { get; private set; } = null!;

    internal GatewaySite B { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var (a, b) = (LoopbackPorts.Take(), LoopbackPorts.Take());
        // What A calls clinic-c is B: somebody's name server, or somebody's mistake.
        A = await GatewaySite.StartAsync("clinic-a", Authority, Issuer, [("clinic-b", Door(b)), ("clinic-c", Door(b)), ("core", null)], a);
        B = await GatewaySite.StartAsync("clinic-b", Authority, Issuer, [("clinic-a", Door(a))], b);
    }

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
    }

    private static Uri Door(int port) => new($"https://127.0.0.1:{port}");
}
