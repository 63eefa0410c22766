using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry;

/// <summary>Gives what a host logs to the export of its process, while there is one.</summary>
[ProviderAlias("EdgeMeshExport")]
internal sealed class HostLogProvider(TelemetryIdentity identity) : ILoggerProvider
{
    private readonly KeyValuePair<string, object?>[] _host = HostExport.Tags(identity);

    public ILogger CreateLogger(string categoryName) => new HostLogger(categoryName, _host);

    public void Dispose()
    {
    }
}
