using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Sites;

/// <summary>How the site's sidecar logs: in the form of the services beside it.</summary>
internal static class SiteLogging
{
    public const string Setting = "EdgeMesh:Logs";

    /// <summary>The services of a site that share a process share the spool of their logs, and the sidecar with them.</summary>
    public static string SpoolOf(string siteData) => Path.Combine(siteData, "log-spool", "site");

    public static ILoggerFactory Create(string site, string form, string siteData)
    {
        var identity = new TelemetryIdentity(site, "sidecar");
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables()
            .AddInMemoryCollection([new(TelemetrySettings.SpoolFolder, SpoolOf(siteData))]).Build();
        return LoggerFactory.Create(logging => logging.AddEdgeMeshConsole(identity, form).AddEdgeMeshShipping(configuration, identity).AddEdgeMeshExport(identity));
    }
}
