using EdgeMesh.Telemetry;
using Serilog.Configuration;
using Serilog.Events;

namespace Serilog;

/// <summary>EdgeMesh's sink for Serilog.</summary>
public static class EdgeMeshLoggerConfigurationExtensions
{
    /// <summary>Writes events as records of the Elastic Common Schema into a spool on disk, from where they are shipped to Elasticsearch or
    /// OpenSearch, each once. Logging never waits for disk or network; what finds no room is counted, and told to the index.</summary>
    /// <param name="to">Serilog's <c>WriteTo</c>.</param>
    /// <param name="options">Where to, and where records wait.</param>
    /// <param name="site">Stands on every record.</param>
    /// <param name="service">Stands on every record.</param>
    /// <param name="restrictedToMinimumLevel">What is below is not written.</param>
    /// <exception cref="InvalidOperationException">The options are wrong, or another process owns the folder.</exception>
    public static LoggerConfiguration EdgeMesh(
        this LoggerSinkConfiguration to, LogShippingOptions options, string site, string service, LogEventLevel restrictedToMinimumLevel = LevelAlias.Minimum)
    {
        var identity = new TelemetryIdentity(site, service);
        return to.Sink(new EdgeMeshSink(identity, LogShipping.Take(options, identity, TimeProvider.System)), restrictedToMinimumLevel);
    }
}
