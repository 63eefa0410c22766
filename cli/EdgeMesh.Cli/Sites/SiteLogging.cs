using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Sites;

/// <summary>How the site's sidecar logs: in the form of the services beside it.</summary>
internal static class SiteLogging
{
    public const string Setting = "EdgeMesh:Logs";

    public static ILoggerFactory Create(string site, string form) =>
        LoggerFactory.Create(logging => logging.AddEdgeMeshConsole(new TelemetryIdentity(site, "sidecar"), form));
}
