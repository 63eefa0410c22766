using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
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
        ThrowOnFaults(TelemetrySettings.Faults(builder.Configuration));
        var identity = new TelemetryIdentity(site, service) { Environment = builder.Environment.EnvironmentName };
        builder.Logging.ClearProviders();
        builder.Logging.AddEdgeMeshConsole(identity, builder.Configuration[TelemetrySettings.Form]);
        builder.Services.AddSingleton(identity);
        builder.Services.AddSingleton<MetricsEndpoint>();
        TaggedMeters.Add(builder.Services, identity);
        if (LogShippingSettings.IsOn(builder.Configuration))
        {
            builder.Logging.AddEdgeMeshShipping(builder.Configuration, identity);
            builder.Services.AddHostedService<ShippingLog>();
        }

        if (builder.Configuration[TelemetrySettings.Endpoint] is { Length: > 0 })
        {
            HostExport.Add(builder.Services, builder.Configuration, identity);
            builder.Logging.AddEdgeMeshExport(identity);
        }

        return builder;
    }

    /// <summary>Answers <c>/metrics</c> in Prometheus' formats, with the measurements of this host and of its process, from the first time
    /// that it is asked.</summary>
    public static IEndpointRouteBuilder MapEdgeMeshMetrics(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(MetricsEndpoint.Path, (RequestDelegate)(context => context.RequestServices.GetRequiredService<MetricsEndpoint>().AnswerAsync(context))).DisableHttpMetrics();
        return routes;
    }

    /// <summary>Ships what is logged to Elasticsearch or OpenSearch, by way of a spool on disk: <c>EdgeMesh:LogShipping</c>, see
    /// <see cref="TelemetrySettings"/>. Does nothing without a <c>Url</c>.</summary>
    /// <param name="logging">The logging builder.</param>
    /// <param name="configuration">The host's.</param>
    /// <param name="identity">Stands on every record.</param>
    /// <exception cref="InvalidOperationException">A setting is wrong; <see cref="TelemetrySettings.Faults"/> lists them before.</exception>
    public static ILoggingBuilder AddEdgeMeshShipping(this ILoggingBuilder logging, IConfiguration configuration, TelemetryIdentity identity)
    {
        if (LogShippingSettings.IsOn(configuration))
        {
            ThrowOnFaults(LogShippingSettings.Faults(configuration));
            var options = LogShippingSettings.Read(configuration, identity.Service);
            logging.Services.AddSingleton(provider => LogShipping.Take(options, identity, provider.GetService<TimeProvider>() ?? TimeProvider.System));
            logging.Services.AddSingleton<ILoggerProvider>(provider =>
                new SpoolLoggerProvider(identity, provider.GetRequiredService<LogShipping>(), provider.GetService<TimeProvider>() ?? TimeProvider.System));
        }

        return logging;
    }

    /// <summary>Exports what is logged by OTLP, as long as a host of this process exports.</summary>
    /// <param name="logging">The logging builder.</param>
    /// <param name="identity">Stands on every record.</param>
    public static ILoggingBuilder AddEdgeMeshExport(this ILoggingBuilder logging, TelemetryIdentity identity)
    {
        logging.Services.AddSingleton<ILoggerProvider>(_ => new HostLogProvider(identity));
        // One for each request: for the index, where somebody searches them; a trace tells the same.
        logging.Services.PostConfigure<LoggerFilterOptions>(filters =>
            filters.Rules.Insert(0, new LoggerFilterRule(typeof(HostLogProvider).FullName, "EdgeMesh.Access", LogLevel.Warning, null)));
        return logging;
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

        // First in the list, so that whatever the configuration says of these categories wins. What they say below a warning holds paths and
        // queries of requests: a patient's name.
        logging.Services.PostConfigure<LoggerFilterOptions>(filters =>
        {
            foreach (var category in (string[])["Microsoft", "System.Net.Http", "Grpc", "Yarp"])
            {
                filters.Rules.Insert(0, new LoggerFilterRule(null, category, LogLevel.Warning, null));
            }

            // One for each request: for the index, where somebody searches them, and not for the screen.
            filters.Rules.Insert(0, new LoggerFilterRule(typeof(ConsoleLoggerProvider).FullName, "EdgeMesh.Access", LogLevel.Warning, null));
        });
        return logging;
    }

    private static void ThrowOnFaults(IEnumerable<string> faults)
    {
        if (faults.ToArray() is { Length: > 0 } found)
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, found));
        }
    }
}
