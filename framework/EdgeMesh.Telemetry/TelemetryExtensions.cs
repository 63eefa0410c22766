using EdgeMesh.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Logs for people and programs, traces and metrics by OpenTelemetry.</summary>
public static class TelemetryExtensions
{
    /// <summary>One line a log entry on the console, and OTLP export once <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is configured (with
    /// OpenTelemetry's other settings of that kind). Without it no provider is made and no OpenTelemetry library is loaded, so a site
    /// that does not export pays nothing.</summary>
    /// <exception cref="InvalidOperationException">A setting is wrong; <see cref="TelemetrySettings.Faults"/> lists them before.</exception>
    public static WebApplicationBuilder AddEdgeMeshTelemetry(this WebApplicationBuilder builder, string site, string service)
    {
        if (TelemetrySettings.Faults(builder.Configuration).ToArray() is { Length: > 0 } faults)
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, faults));
        }

        var identity = new TelemetryIdentity(site, service);
        builder.Logging.ClearProviders();
        builder.Logging.AddEdgeMeshConsole(identity, builder.Configuration[TelemetrySettings.Form]);
        builder.Services.AddSingleton(identity);
        if (builder.Configuration[TelemetrySettings.Endpoint] is { Length: > 0 })
        {
            HostExport.Add(builder.Services, builder.Configuration, identity);
        }

        return builder;
    }

    /// <summary>Console logs in EdgeMesh's form: for whoever logs beside the services, such as a sidecar.</summary>
    /// <param name="logging">The logging builder.</param>
    /// <param name="identity">Stands on every line.</param>
    /// <param name="form"><c>json</c>, <c>text</c>, or <c>auto</c> (also null): text on a terminal, else JSON.</param>
    public static ILoggingBuilder AddEdgeMeshConsole(this ILoggingBuilder logging, TelemetryIdentity identity, string? form = null)
    {
        var json = form == "json" || (form != "text" && Console.IsOutputRedirected);
        logging.AddConsole(console => console.FormatterName = SiteConsoleFormatter.FormatterName);
        logging.Services.AddSingleton<ConsoleFormatter>(provider =>
            new SiteConsoleFormatter(identity, provider.GetService<TimeProvider>() ?? TimeProvider.System, json));

        // First in the list, so that whatever the configuration says of these categories wins.
        logging.Services.PostConfigure<LoggerFilterOptions>(filters =>
        {
            foreach (var category in (string[])["Microsoft", "System.Net.Http", "Grpc"])
            {
                filters.Rules.Insert(0, new LoggerFilterRule(null, category, LogLevel.Warning, null));
            }
        });
        return logging;
    }
}
