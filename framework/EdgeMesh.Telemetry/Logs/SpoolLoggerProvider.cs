using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry;

/// <summary>Gives every category of a host its way into the spool. Owns its share of the shipping.</summary>
[ProviderAlias("EdgeMeshSpool")]
internal sealed class SpoolLoggerProvider(TelemetryIdentity identity, LogShipping shipping, TimeProvider clock) : ILoggerProvider
{
    private readonly EcsOrigin _origin = new(identity);

    public ILogger CreateLogger(string categoryName) => new SpoolLogger(categoryName, _origin, shipping.Spool, clock);

    public void Dispose() => shipping.Dispose();
}
