namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>One site for all tests that only ask it something.</summary>
public sealed class SharedSite : IAsyncLifetime
{
    internal const int BodyLimit = 1024 * 1024;

    internal TestIssuer Issuer { get; } = new();

    internal GatewaySite Site { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Site = await GatewaySite.StartAsync("clinic-a", new TestMeshAuthority(), Issuer, settings: ("BodyLimit", BodyLimit.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
